/**
 * Versions that the program itself must name. Every other one is pinned where it is fetched: go.mod,
 * pom.xml and requirements under images/, package.json for the Node apps.
 */
export const versions = {
  /** The same as in images/spark/pom.xml. https://spark.apache.org/news/ */
  spark: "3.5.7",
} as const;
