import { Metadata, status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import anyMessages from "google-protobuf/google/protobuf/any_pb.js";
import { Incomplete } from "./provider.ts";
import type { Properties } from "./values.ts";
import { writeStruct } from "./wire.ts";

/** Something that only the official plugin does. */
export class NotCovered extends Error {
  constructor(what: string, plugin: { name: string; version: string }) {
    super(
      `${what} is not covered by this stand-in for the ${plugin.name} plugin. ` +
        `Install the official one: pulumi plugin install resource ${plugin.name} ${plugin.version}`,
    );
    this.name = "NotCovered";
  }
}

/** What failed, in the form gRPC sends. A defect of ours keeps its stack. */
export function toServiceError(error: unknown): Partial<ServiceError> {
  const isDefect = error instanceof TypeError || error instanceof ReferenceError;
  const message = error instanceof Error ? explain(error) : String(error);
  return {
    code: error instanceof NotCovered ? status.UNIMPLEMENTED : status.UNKNOWN,
    details: isDefect ? (error.stack ?? message) : message,
  };
}

/**
 * Libraries say no more than that they were aborted; the signal knows why.
 *
 * @returns the error itself if it is about something else
 */
export function explainAbort(error: unknown, signal: AbortSignal): unknown {
  const isAbort = error instanceof Error && error.name === "AbortError";
  return signal.aborted && isAbort ? signal.reason : error;
}

/** Some libraries leave their message empty and tell the reason in the cause or in `errors`. */
function explain(error: Error): string {
  if (error instanceof AggregateError && error.message === "") {
    return error.errors
      .map((inner) => (inner instanceof Error ? inner.message : String(inner)))
      .join("; ");
  }
  return error.message;
}

/**
 * The answer for a resource that exists without being usable. The engine reads its state from the
 * status details, a protobuf that gRPC carries in a header of this name.
 */
export function toInitFailure(
  failure: Incomplete,
  state: { inputs: Properties; outputs: Properties },
): Partial<ServiceError> {
  const detail = new messages.ErrorResourceInitFailed();
  detail.setId(failure.id);
  detail.setProperties(writeStruct(state.outputs));
  detail.setInputs(writeStruct(state.inputs));
  detail.setReasonsList([failure.message]);

  const packed = new anyMessages.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const answer = new statusMessages.Status();
  answer.setCode(status.UNKNOWN);
  answer.setMessage(failure.message);
  answer.addDetails(packed);

  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(answer.serializeBinary()));
  return { code: status.UNKNOWN, details: failure.message, metadata };
}

/** A call refused for a reason that is already in gRPC's form. */
export class Refusal extends Error {
  readonly serviceError: Partial<ServiceError>;

  constructor(serviceError: Partial<ServiceError>) {
    super(serviceError.details);
    this.name = "Refusal";
    this.serviceError = serviceError;
  }
}
