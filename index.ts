import { access } from "./components/access.ts";
import { fitToCluster } from "./components/cluster.ts";
import { readConfig } from "./components/config.ts";
import { Dashboard } from "./components/dashboard.ts";
import { createFeatures } from "./components/features.ts";
import { readImages } from "./components/images.ts";
import { Kafka } from "./components/kafka.ts";
import { Maintenance } from "./components/maintenance.ts";
import { Minio } from "./components/minio.ts";
import { Namespace } from "./components/namespace.ts";
import { Nessie } from "./components/nessie.ts";
import { createNotifier } from "./components/notifier.ts";
import { createOptionalParts } from "./components/optional-parts.ts";
import { nodePorts as ports, placement } from "./components/ports.ts";
import { Postgres } from "./components/postgres.ts";
import { Producer } from "./components/producer.ts";
import { createQuery } from "./components/query.ts";
import { Redis } from "./components/redis.ts";
import { Replay } from "./components/replay.ts";
import { SparkOperator } from "./components/spark-operator.ts";
import { Streaming } from "./components/streaming.ts";

/** The platform, in the order in which its data flows. What waits for nothing starts at once. */
export default async function lakehouse() {
  const config = readConfig();
  fitToCluster(config.cluster);
  const images = await readImages(config.images);
  const { name: namespace } = new Namespace("lakehouse");
  const at = placement(namespace, config.hostPort);
  const kafka = new Kafka("kafka", { ...at(images.kafka, ports.kafka), ...config.kafka });
  new Producer("producer", { image: images.apps, namespace, kafka, ...config.producer });
  const minio = new Minio("minio", { ...at(images.minio, ports.minio), kafka, ...config.minio });
  const copier = { image: images.apps, namespace, storage: minio.copier };
  const replay = new Replay("replay", { ...copier, ...config.replay });
  const database = at(images.postgres, ports.postgres);
  const postgres = new Postgres("postgres", { ...database, ...config.postgres });
  const redis = new Redis("redis", { ...at(images.valkey, ports.redis), ...config.redis });
  const stores = { database: postgres.nessie, objectStorage: minio.nessie };
  const versions = { ...at(images.nessie, ports.nessie), ...config.nessie };
  const catalog = new Nessie("nessie", { ...versions, ...stores });
  const { "spark-operator": image, "spark-operator-chart": chart } = images;
  const operator = new SparkOperator("spark-operator", { image, chart, namespace });
  const spark = { namespace, catalog, objectStorage: minio.spark, operator, kafka };
  const stream = { ...at(images.streaming, ports.sparkUi), ...config.streaming };
  const streaming = new Streaming("streaming", { ...spark, ...stream });
  createFeatures("features", {
    ...{ ...spark, image: images.features, after: streaming },
    ...{ offlineStore: postgres.features, onlineStore: redis, ...config.features },
  });
  new Maintenance("maintenance", { ...spark, image: images.maintenance, ...config.maintenance });
  const sql = { ...at(images.query, ports.query), bootstrapImage: images.apps, ...config.query };
  const query = createQuery("query", { ...sql, catalog, objectStorage: minio.query });
  const view = { query, kafka, catalog, sparkUi: streaming.ui, features: redis.serving };
  new Dashboard("dashboard", { ...at(images.apps, ports.dashboard), ...view, ...config.dashboard });
  const alerting = { namespace, image: images.apps, query, kafka, redis: redis.notifier };
  createNotifier("notifier", { ...alerting, ...config.notifier });
  createOptionalParts({ ...spark, chosen: config.chosen, images, minio, postgres, query, replay });
  return access(namespace, config);
}
