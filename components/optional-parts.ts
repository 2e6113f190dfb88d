import { ChangeDataCapture, type ChangeDataCaptureArgs } from "./change-data-capture.ts";
import { KafkaUi } from "./kafka-ui.ts";
import { nodePorts } from "./ports.ts";

/** Which of the parts that are off by default a stack has. */
export interface Chosen {
  /** Changes of a table of Postgres, kept up to date in the lakehouse. */
  readonly cdc: boolean;
  /** A web page for Kafka. */
  readonly kafkaUi: boolean;
}

export interface OptionalPartsArgs extends ChangeDataCaptureArgs {
  readonly chosen: Chosen;
}

/** The parts that are off by default, as far as the stack wants them. */
export function createOptionalParts({ chosen, ...args }: OptionalPartsArgs): void {
  const { namespace, kafka } = args;
  if (chosen.cdc) new ChangeDataCapture("cdc", args);
  if (chosen.kafkaUi) new KafkaUi("kafka-ui", { namespace, kafka, nodePort: nodePorts.kafkaUi });
}
