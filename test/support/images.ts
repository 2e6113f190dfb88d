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
  "spark-operator": "localhost/lakehouse/spark-operator:000000000007",
  query: "localhost/lakehouse/query:000000000008",
  apps: "localhost/lakehouse/apps:000000000009",
  notebook: "localhost/lakehouse/notebook:000000000011",
  "spark-operator-chart": "/cache/spark-operator",
};
