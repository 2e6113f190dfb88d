import type { Images } from "../../components/images.ts";

/** References as the image builder writes them. */
export const testImages: Images = {
  kafka: "localhost/lakehouse/kafka:000000000001",
  minio: "localhost/lakehouse/minio:000000000002",
  nessie: "localhost/lakehouse/nessie:000000000003",
  postgres: "localhost/lakehouse/postgres:000000000004",
  valkey: "localhost/lakehouse/valkey:000000000005",
  streaming: "localhost/lakehouse/streaming:000000000006",
  maintenance: "localhost/lakehouse/maintenance:000000000010",
  features: "localhost/lakehouse/features:000000000011",
  "kafka-connect": "localhost/lakehouse/kafka-connect:000000000012",
  cdc: "localhost/lakehouse/cdc:000000000013",
  "spark-operator": "localhost/lakehouse/spark-operator:000000000007",
  query: "localhost/lakehouse/query:000000000008",
  apps: "localhost/lakehouse/apps:000000000009",
  airflow: "localhost/lakehouse/airflow:000000000014",
  notebook: "localhost/lakehouse/notebook:000000000015",
  "spark-operator-chart": "/cache/spark-operator",
};
