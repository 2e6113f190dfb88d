import { credentials, Metadata } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import providerService from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import type { z } from "zod";
import type { ProviderDefinition } from "../../../../providers/runtime/provider.ts";
import { listen } from "../../../../providers/runtime/server.ts";
import { readStruct } from "../../../../providers/runtime/wire.ts";
import type { Properties } from "../../../../providers/runtime/values.ts";

export const SIGNATURE = "4dabf18193072939515e22adb298388d";
export const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A secret as the engine sends it. */
export function wireSecret(value: unknown): Properties {
  return { [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270", value };
}

/** Speaks to a provider over gRPC, as the engine does. */
export interface EngineSide {
  configure(args: Properties): Promise<unknown>;
  check(token: string, news: Properties, olds?: Properties): Promise<CheckAnswer>;
  diff(token: string, olds: Properties, news: Properties, ignore?: string[]): Promise<DiffAnswer>;
  create(token: string, inputs: Properties, options?: CreateOptions): Promise<ObjectAnswer>;
  read(token: string, id: string, inputs?: Properties): Promise<ObjectAnswer & InputsAnswer>;
  update(token: string, olds: Properties, news: Properties): Promise<ObjectAnswer>;
  delete(token: string, id: string): Promise<void>;
  invoke(token: string): Promise<unknown>;
  cancel(): Promise<void>;
  stop(): void;
}

interface CreateOptions {
  readonly preview?: boolean;
  readonly timeout?: number;
}
interface CheckAnswer {
  readonly inputs: Properties;
  readonly failures: readonly { property: string; reason: string }[];
}
interface DiffAnswer {
  readonly changes: "none" | "some";
  readonly replaces: readonly string[];
  readonly deleteBeforeReplace: boolean;
  readonly details: Readonly<Record<string, number>>;
}
interface ObjectAnswer {
  readonly id: string;
  readonly properties: Properties;
}
interface InputsAnswer {
  readonly inputs: Properties;
}

/** Serves a provider in this process and connects to it. */
export async function connect<Schema extends z.ZodObject, Context>(
  definition: ProviderDefinition<Schema, Context>,
): Promise<EngineSide> {
  const server = await listen(definition, undefined);
  const client = new providerService.ResourceProviderClient(
    `127.0.0.1:${server.port}`,
    credentials.createInsecure(),
  );
  const urn = (token: string) => `urn:pulumi:dev::shop::${token}::thing`;
  const struct = (value: Properties) =>
    structMessages.Struct.fromJavaScript(
      value as Parameters<typeof structMessages.Struct.fromJavaScript>[0],
    );

  function call<Answer>(
    send: (callback: (error: ServiceError | null, answer: Answer) => void) => unknown,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      send((error, answer) => {
        if (error) reject(error);
        else resolve(answer);
      });
    });
  }

  return {
    configure(args) {
      const request = new messages.ConfigureRequest();
      request.setArgs(struct(args));
      return call((callback) => client.configure(request, callback));
    },
    async check(token, news, olds) {
      const request = new messages.CheckRequest();
      request.setUrn(urn(token));
      request.setNews(struct(news));
      request.setOlds(struct(olds ?? {}));
      request.setRandomseed(new Uint8Array([1, 2, 3]));
      const answer = await call<InstanceType<typeof messages.CheckResponse>>((callback) =>
        client.check(request, callback),
      );
      const failures = answer.getFailuresList().map((failure) => failure.toObject());
      return { inputs: readStruct(answer.getInputs()), failures };
    },
    async diff(token, olds, news, ignore = []) {
      const request = new messages.DiffRequest();
      request.setUrn(urn(token));
      request.setOlds(struct(olds));
      request.setOldInputs(struct(olds));
      request.setNews(struct(news));
      request.setIgnorechangesList(ignore);
      const answer = await call<InstanceType<typeof messages.DiffResponse>>((callback) =>
        client.diff(request, callback),
      );
      const details: Record<string, number> = {};
      answer.getDetaileddiffMap().forEach((detail, path) => {
        details[path] = detail.getKind();
      });
      const { DIFF_NONE } = messages.DiffResponse.DiffChanges;
      return {
        changes: answer.getChanges() === DIFF_NONE ? "none" : "some",
        replaces: answer.getReplacesList(),
        deleteBeforeReplace: answer.getDeletebeforereplace(),
        details,
      };
    },
    async create(token, inputs, options = {}) {
      const request = new messages.CreateRequest();
      request.setUrn(urn(token));
      request.setProperties(struct(inputs));
      request.setPreview(options.preview ?? false);
      request.setTimeout(options.timeout ?? 0);
      const answer = await call<InstanceType<typeof messages.CreateResponse>>((callback) =>
        client.create(request, callback),
      );
      return { id: answer.getId(), properties: readStruct(answer.getProperties()) };
    },
    async read(token, id, inputs) {
      const request = new messages.ReadRequest();
      request.setUrn(urn(token));
      request.setId(id);
      if (inputs) {
        request.setInputs(struct(inputs));
        request.setProperties(struct(inputs));
      }
      const answer = await call<InstanceType<typeof messages.ReadResponse>>((callback) =>
        client.read(request, callback),
      );
      return {
        id: answer.getId(),
        properties: readStruct(answer.getProperties()),
        inputs: readStruct(answer.getInputs()),
      };
    },
    async update(token, olds, news) {
      const request = new messages.UpdateRequest();
      request.setUrn(urn(token));
      request.setId("id");
      request.setOlds(struct(olds));
      request.setOldInputs(struct(olds));
      request.setNews(struct(news));
      const answer = await call<InstanceType<typeof messages.UpdateResponse>>((callback) =>
        client.update(request, callback),
      );
      return { id: "id", properties: readStruct(answer.getProperties()) };
    },
    async delete(token, id) {
      const request = new messages.DeleteRequest();
      request.setUrn(urn(token));
      request.setId(id);
      await call((callback) => client.delete(request, callback));
    },
    invoke(token) {
      const request = new messages.InvokeRequest();
      request.setTok(token);
      return call((callback) => client.invoke(request, callback));
    },
    async cancel() {
      const { Empty } = await import("google-protobuf/google/protobuf/empty_pb.js");
      await call((callback) => client.cancel(new Empty(), callback));
    },
    stop() {
      client.close();
      server.stop();
    },
  };
}

/** What an error says of a resource that exists all the same, as the engine reads it. */
export function initFailureOf(error: unknown): {
  id: string;
  reasons: string[];
  properties: Properties;
} {
  const metadata = (error as ServiceError).metadata;
  if (!(metadata instanceof Metadata)) throw new Error("no metadata");
  const [packed] = metadata.get("grpc-status-details-bin");
  const status = statusMessages.Status.deserializeBinary(packed as Buffer);
  const [detail] = status.getDetailsList();
  const failure = messages.ErrorResourceInitFailed.deserializeBinary(
    detail?.getValue_asU8() ?? new Uint8Array(),
  );
  return {
    id: failure.getId(),
    reasons: failure.getReasonsList(),
    properties: readStruct(failure.getProperties()),
  };
}
