"""Part of the build: does once what our jobs do, so that the JVM has their classes to archive.

What it would need a server for - Kafka, the catalog, the object store, Kubernetes - it only loads.
"""

import json
import sys
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

OUT_OF_REACH = [
    "com.amazonaws.auth.EnvironmentVariableCredentialsProvider",
    "io.fabric8.kubernetes.client.KubernetesClientBuilder",
    "io.fabric8.kubernetes.client.impl.KubernetesClientImpl",
    "org.apache.hadoop.fs.s3a.S3AFileSystem",
    "org.apache.iceberg.aws.s3.S3FileIO",
    "org.apache.iceberg.nessie.NessieCatalog",
    "org.apache.kafka.clients.admin.KafkaAdminClient",
    "org.apache.kafka.clients.consumer.KafkaConsumer",
    "org.apache.kafka.clients.producer.KafkaProducer",
    "org.apache.spark.deploy.k8s.submit.KubernetesClientApplication",
    "org.apache.spark.scheduler.cluster.k8s.KubernetesClusterManager",
    "org.apache.spark.scheduler.cluster.k8s.KubernetesClusterSchedulerBackend",
    "org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend",
    "org.apache.spark.sql.kafka010.KafkaBatchReaderFactory",
    "org.apache.spark.sql.kafka010.KafkaMicroBatchStream",
    "org.apache.spark.sql.kafka010.KafkaSourceProvider",
    "software.amazon.awssdk.services.s3.DefaultS3Client",
]


def main() -> None:
    """Runs a stream from text to a table, and loads what is out of reach."""
    folder = Path.cwd()
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.catalog.local", "org.apache.iceberg.spark.SparkCatalog")
        .config("spark.sql.catalog.local.type", "hadoop")
        .config("spark.sql.catalog.local.warehouse", str(folder / "warehouse"))
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.streaming.metricsEnabled", "true")
        .getOrCreate()
    )
    for name in OUT_OF_REACH:
        spark._jvm.java.lang.Class.forName(name)  # noqa: SLF001
    spark.sql(
        "CREATE TABLE local.db.events (id STRING, time TIMESTAMP, price DECIMAL(18,2)) "
        "USING iceberg PARTITIONED BY (days(time))"
    )

    messages = folder / "messages"
    messages.mkdir()
    event = {"id": "a", "time": "2024-01-01T00:00:00Z", "price": "1.50"}
    (messages / "1.json").write_text(json.dumps(event) + "\nno json\n")

    rows = []

    def write(batch: DataFrame, _: int) -> None:
        parsed = f.from_json("value", "id STRING, time TIMESTAMP, price DECIMAL(18,2)")
        events = batch.select(parsed.alias("event")).select("event.*").localCheckpoint(eager=False)
        minute = f.date_trunc("minute", "time")
        events.groupBy(minute).agg(f.count("*"), f.sum("price"), f.collect_set("id")).collect()
        events.where("id IS NOT NULL").writeTo("local.db.events").append()
        # By the session that writes it: each remembers tables as it saw them last.
        table = batch.sparkSession.table("local.db.events")
        table.join(f.broadcast(events), "id", "left_anti").collect()
        table.orderBy("time").writeTo("local.db.events").overwrite(f.lit(True))
        rows.append(batch.sparkSession.table("local.db.events").count())

    stream = spark.readStream.format("text").load(str(messages))
    query = stream.writeStream.foreachBatch(write).trigger(availableNow=True)
    query.option("checkpointLocation", str(folder / "checkpoint")).start().awaitTermination()
    if rows != [1]:
        sys.exit(f"one event should have come through: {rows}")
    spark.stop()


if __name__ == "__main__":
    main()
