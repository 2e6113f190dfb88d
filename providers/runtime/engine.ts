import { credentials } from "@grpc/grpc-js";
import engineService from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineMessages from "@pulumi/pulumi/proto/engine_pb.js";
import type * as engineTypes from "@pulumi/pulumi/proto/engine_pb.js";

/** The engine's log, where a provider tells what it waits for. */
export interface EngineLog {
  /** A line beside the resource, replaced by the next one. */
  status(urn: string, message: string): void;
  warn(urn: string, message: string): void;
  debug(urn: string, message: string): void;
}

/**
 * Connects to the engine that started the provider.
 *
 * @param address `host:port`; without one nothing is logged (a provider that runs by itself).
 */
export function connectEngine(address: string | undefined): EngineLog & { close(): void } {
  if (address === undefined) {
    return { status: ignore, warn: ignore, debug: ignore, close: ignore };
  }
  const client = new engineService.EngineClient(address, credentials.createInsecure());
  const { LogSeverity } = engineMessages;

  const lastStatus = new Map<string, string>();
  function log(
    severity: engineTypes.LogSeverity,
    urn: string,
    message: string,
    isEphemeral: boolean,
  ): void {
    const request = new engineMessages.LogRequest();
    request.setSeverity(severity);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(isEphemeral);
    // A lost line must not fail the operation it is about.
    client.log(request, ignore);
  }
  return {
    status: (urn, message) => {
      if (lastStatus.get(urn) === message) return;
      lastStatus.set(urn, message);
      log(LogSeverity.INFO, urn, message, true);
    },
    warn: (urn, message) => {
      log(LogSeverity.WARNING, urn, message, false);
    },
    debug: (urn, message) => {
      log(LogSeverity.DEBUG, urn, message, false);
    },
    close: () => {
      client.close();
    },
  };
}

function ignore(): void {
  // Nothing to do.
}
