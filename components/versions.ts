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
} as const;
