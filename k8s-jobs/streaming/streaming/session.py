"""The Spark session of the job, with all of its configuration but memory and cores."""

from pyspark.sql import SparkSession

from streaming.settings import Settings
from streaming.tables import CATALOG

# MinIO has one region, but the AWS client does not start without a name for it.
_REGION = "us-east-1"


def build_session(settings: Settings) -> SparkSession:
    """Starts Spark, or finds it running, configured for the lakehouse."""
    builder = SparkSession.builder.appName("streaming")
    if settings.spark_master:
        # Set here, it wins over the one that spark-submit was given.
        builder = builder.master(settings.spark_master)
    configuration = SMALL_BATCHES | iceberg_catalog(settings) | checkpoint_storage(settings)
    for name, value in configuration.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


#: A batch is small and its cost is the number of jobs and tasks, not the rows.
SMALL_BATCHES = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    # Plans are the same in every batch: replanning between stages costs more than it can win.
    "spark.sql.adaptive.enabled": "false",
    # One summary row a topic and minute; a replay at full speed has hundreds of minutes in a batch.
    "spark.sql.objectHashAggregate.sortBased.fallbackThreshold": "100000",
    "spark.locality.wait": "0s",
    # The appends of one batch share the cores instead of queueing behind the largest.
    "spark.scheduler.mode": "FAIR",
    # Rates and durations of the query among the driver's metrics, for the dashboard.
    "spark.sql.streaming.metricsEnabled": "true",
    # A job that runs for weeks keeps the history of minutes only.
    "spark.ui.retainedJobs": "200",
    "spark.ui.retainedStages": "200",
    "spark.ui.retainedTasks": "2000",
    "spark.sql.ui.retainedExecutions": "50",
    "spark.sql.streaming.numRecentProgressUpdates": "20",
    "spark.ui.showConsoleProgress": "false",
}


def iceberg_catalog(settings: Settings) -> dict[str, str]:
    """The Iceberg catalog, through Nessie's native API.

    Not through Nessie's Iceberg REST API: that one signs S3 requests with a key that ends after
    three hours, which a streaming job outlives (https://github.com/apache/iceberg/issues/12602).
    """
    options = {
        "": "org.apache.iceberg.spark.SparkCatalog",
        ".type": "nessie",
        ".uri": settings.nessie_uri,
        ".ref": "main",
        ".authentication.type": "NONE",
        ".warehouse": settings.warehouse,
        ".io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        ".s3.endpoint": settings.s3_endpoint,
        ".s3.path-style-access": "true",
        ".client.region": _REGION,
        # This job is the only writer of rows, so a table it has loaded stays true.
        ".cache-enabled": "true",
        ".cache.expiration-interval-ms": "-1",
    }
    return {f"spark.sql.catalog.{CATALOG}{name}": value for name, value in options.items()}


def checkpoint_storage(settings: Settings) -> dict[str, str]:
    """Progress files in object storage, each written in one atomic upload instead of a rename."""
    return {
        "spark.sql.streaming.checkpointFileManagerClass": (
            "org.apache.spark.internal.io.cloud.AbortableStreamBasedCheckpointFileManager"
        ),
        "spark.hadoop.fs.s3a.endpoint": settings.s3_endpoint,
        "spark.hadoop.fs.s3a.endpoint.region": _REGION,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.aws.credentials.provider": (
            "com.amazonaws.auth.EnvironmentVariableCredentialsProvider"
        ),
        # Without this, every file costs requests that look after marker objects of folders.
        "spark.hadoop.fs.s3a.directory.marker.retention": "keep",
    }
