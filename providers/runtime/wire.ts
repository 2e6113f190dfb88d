import messages from "@pulumi/pulumi/proto/provider_pb.js";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import type { Change } from "./diff.ts";
import type { Difference, InputFailure } from "./provider.ts";
import { formatPath, isProperties } from "./values.ts";
import type { Properties } from "./values.ts";

/** A protobuf Struct, which carries properties on the wire. */
export type Struct = InstanceType<typeof structMessages.Struct>;
export type CheckFailure = InstanceType<typeof messages.CheckFailure>;
export type DiffResponse = InstanceType<typeof messages.DiffResponse>;

export function readStruct(struct: Struct | undefined): Properties {
  const value: unknown = struct?.toJavaScript();
  return isProperties(value) ? value : {};
}

export function writeStruct(properties: Properties): Struct {
  // The declared type knows no nesting; the implementation does.
  return structMessages.Struct.fromJavaScript(
    properties as Parameters<typeof structMessages.Struct.fromJavaScript>[0],
  );
}

export function writeFailures(failures: readonly InputFailure[]): CheckFailure[] {
  return failures.map(({ property, reason }) => {
    const failure = new messages.CheckFailure();
    failure.setProperty(property);
    failure.setReason(reason);
    return failure;
  });
}

export function writeDifference({ changes, deleteBeforeReplace }: Difference): DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
  const response = new messages.DiffResponse();
  response.setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE);
  response.setDiffsList(topLevel(changes));
  response.setReplacesList(topLevel(changes.filter(({ replace }) => replace)));
  response.setDeletebeforereplace(deleteBeforeReplace ?? false);
  response.setHasdetaileddiff(true);
  for (const change of changes) {
    const detail = new messages.PropertyDiff();
    detail.setKind(changeKind(change));
    detail.setInputdiff(true);
    response.getDetaileddiffMap().set(formatPath(change.path), detail);
  }
  return response;
}

function topLevel(changes: readonly Change[]): string[] {
  return [...new Set(changes.map(({ path }) => String(path[0])))];
}

function changeKind({ kind, replace }: Change) {
  const { Kind } = messages.PropertyDiff;
  switch (kind) {
    case "add":
      return replace ? Kind.ADD_REPLACE : Kind.ADD;
    case "delete":
      return replace ? Kind.DELETE_REPLACE : Kind.DELETE;
    case "update":
      return replace ? Kind.UPDATE_REPLACE : Kind.UPDATE;
  }
}
