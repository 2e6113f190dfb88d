/**
 * Versions that the program itself must name. Every other one is pinned where it is fetched: go.mod,
 * pom.xml and requirements under images/, package.json for the Node apps.
 */
export const versions = {
  /** The same as in images/spark/pom.xml. https://spark.apache.org/news/ */
  spark: "3.5.7",
  /**
   * The last one whose source is public, which k8s-jobs/dremio-bootstrap was written against.
   * https://docs.dremio.com/current/release-notes/
   */
  dremio: "25.2.0",
  /** Tag of Kafbat's image. https://github.com/kafbat/kafka-ui/releases */
  kafkaUi: "v1.5.0",
  /**
   * The chart in the operator's own repository, for whoever has not built the operator here; the
   * same as in images/spark-operator/go.mod. https://github.com/kubeflow/spark-operator/releases
   */
  sparkOperatorChart: "2.4.0",
} as const;

/**
 * The projects' own images that the manifests have a way to start. Kafka and Nessie are of the
 * versions that images/ builds. Pinned by tag: `lakehouse:imageReferences` takes a digest.
 */
export const upstreamImages = {
  /** https://github.com/apache/kafka/blob/4.1/docker/jvm/Dockerfile */
  kafka: "docker.io/apache/kafka:4.1.2",
  /** https://github.com/projectnessie/nessie/blob/main/tools/dockerbuild/docker/Dockerfile-server */
  nessie: "ghcr.io/projectnessie/nessie:0.99.0",
  /** https://github.com/docker-library/postgres/blob/master/17/bookworm/Dockerfile */
  postgres: "docker.io/library/postgres:17.6-bookworm",
  /** https://github.com/valkey-io/valkey-container/blob/mainline/8.1/debian/Dockerfile */
  valkey: "docker.io/valkey/valkey:8.1.8",
} as const;
