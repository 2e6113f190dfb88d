import { type Input, RunError } from "@pulumi/pulumi";

import { Airflow } from "./airflow.ts";
import { ChangeDataCapture } from "./change-data-capture.ts";
import type { Quantity } from "./helpers/quantity.ts";
import type { Images } from "./images.ts";
import { KafkaUi } from "./kafka-ui.ts";
import type { Kafka } from "./kafka.ts";
import type { Minio } from "./minio.ts";
import type { CatalogConnection } from "./nessie.ts";
import { Notebook } from "./notebook.ts";
import { nodePorts } from "./ports.ts";
import type { Postgres } from "./postgres.ts";
import type { QueryConnection } from "./query-engine.ts";
import type { Replay } from "./replay.ts";
import type { SparkSubmission } from "./spark-operator.ts";

/** Which of the parts that are off by default a stack has. */
export interface Chosen {
  /** Changes of a table of Postgres, kept up to date in the lakehouse. */
  readonly cdc: boolean;
  /** A web page for Kafka. */
  readonly kafkaUi: boolean;
  /** Apache Airflow, which then schedules the stream simulation. */
  readonly airflow: boolean;
  /** JupyterLab, with the volume of its users' notebooks. */
  readonly notebook: { readonly storage: Quantity } | undefined;
}

/** What the optional parts build upon. */
export interface OptionalPartsArgs {
  readonly chosen: Chosen;
  readonly images: Images;
  readonly namespace: Input<string>;
  readonly kafka: Kafka;
  readonly minio: Minio;
  readonly postgres: Postgres;
  readonly catalog: CatalogConnection;
  readonly operator: SparkSubmission;
  readonly query: QueryConnection;
  readonly replay: Replay;
}

/**
 * The parts that are off by default, as far as the stack wants them.
 * @throws RunError when the image of one was not built.
 */
export function createOptionalParts({ chosen, images, ...parts }: OptionalPartsArgs): void {
  const { namespace, kafka, minio, postgres, catalog, operator, query, replay } = parts;
  if (chosen.cdc) {
    new ChangeDataCapture("cdc", {
      images: {
        apps: images.apps,
        cdc: built(images, "cdc"),
        "kafka-connect": built(images, "kafka-connect"),
      },
      objectStorage: minio.spark,
      ...{ namespace, postgres, kafka, operator, catalog },
    });
  }
  if (chosen.kafkaUi) new KafkaUi("kafka-ui", { namespace, kafka, nodePort: nodePorts.kafkaUi });
  if (chosen.airflow) {
    new Airflow("airflow", {
      namespace,
      image: built(images, "airflow"),
      nodePort: nodePorts.airflow,
      database: postgres.airflow(),
      objectStorage: minio.airflow(),
      flows: replay.pods,
    });
  }
  if (chosen.notebook) {
    new Notebook("notebook", {
      ...{ namespace, catalog, query, ...chosen.notebook },
      image: built(images, "notebook"),
      nodePort: nodePorts.notebook,
      objectStorage: minio.notebook(),
      features: postgres.notebook(),
    });
  }
}

type OptionalImage = "airflow" | "cdc" | "kafka-connect" | "notebook";

/** An image that is only built for the stacks that want it. */
function built(images: Images, name: OptionalImage): string {
  const image = images[name];
  if (image !== undefined) return image;
  throw new RunError(
    `The image ${name} was not built. Run \`npm run up\`, which builds what the stack's config asks for.`,
  );
}
