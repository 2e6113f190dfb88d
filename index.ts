import { readConfig } from "./components/config.ts";
import { Dashboard } from "./components/dashboard.ts";
import { readImages } from "./components/images.ts";
import { Kafka } from "./components/kafka.ts";
import { Maintenance } from "./components/maintenance.ts";
import { Minio } from "./components/minio.ts";
import { Namespace } from "./components/namespace.ts";
import { Nessie } from "./components/nessie.ts";
import { createNotebook } from "./components/notebook.ts";
import { endpoints, nodePorts as ports, placement } from "./components/ports.ts";
import { Postgres } from "./components/postgres.ts";
import { Producer } from "./components/producer.ts";
import { createQuery } from "./components/query.ts";
import { Redis } from "./components/redis.ts";
import { SparkOperator } from "./components/spark-operator.ts";
import { Streaming } from "./components/streaming.ts";

/** The platform, in the order in which its data flows. What waits for nothing starts at once. */
export default async function lakehouse() {
  const { hostPort, ...config } = readConfig();
  const images = await readImages();
  const { name: namespace } = new Namespace("lakehouse");
  const at = placement(namespace, hostPort);
  const kafka = new Kafka("kafka", { ...at(images.kafka, ports.kafka), ...config.kafka });
  new Producer("producer", { image: images.apps, namespace, kafka, ...config.producer });
  const minio = new Minio("minio", { ...at(images.minio, ports.minio), ...config.minio });
  const postgres = new Postgres("postgres", {
    ...at(images.postgres, ports.postgres),
    ...config.postgres,
  });
  new Redis("redis", { ...at(images.valkey, ports.redis), ...config.redis });
  const catalog = new Nessie("nessie", {
    ...at(images.nessie, ports.nessie),
    database: postgres.nessie,
    objectStorage: minio.nessie,
  });
  const { "spark-operator": image, "spark-operator-chart": chart } = images;
  const operator = new SparkOperator("spark-operator", { image, chart, namespace });
  const tables = { namespace, catalog, objectStorage: minio.spark };
  const streaming = new Streaming("streaming", {
    ...tables,
    ...at(images.streaming, ports.sparkUi),
    operator,
    kafka,
    ...config.streaming,
  });
  new Maintenance("maintenance", { ...tables, image: images.maintenance, ...config.maintenance });
  const query = createQuery("query", {
    ...at(images.query, ports.query),
    bootstrapImage: images.apps,
    catalog,
    objectStorage: minio.query,
    ...config.query,
  });
  const shown = { query, kafka, catalog, sparkUi: streaming.ui, ...config.dashboard };
  new Dashboard("dashboard", { ...at(images.apps, ports.dashboard), ...shown });
  const lab = { ...at(images.notebook, ports.notebook), ...config.notebook, catalog, query };
  createNotebook("notebook", { ...lab, minio, postgres });
  return { endpoints: endpoints(hostPort) };
}
