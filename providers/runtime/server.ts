import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { handleUnaryCall, sendUnaryData, UntypedHandleCall } from "@grpc/grpc-js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import providerService from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import type { z } from "zod";
import { diffInputs } from "./diff.ts";
import { connectEngine } from "./engine.ts";
import { NotCovered, Refusal, toServiceError } from "./errors.ts";
import { ResourceMethods } from "./methods.ts";
import type { ProviderDefinition } from "./provider.ts";
import { validateConfig } from "./validate.ts";
import { containsUnknown, decode } from "./values.ts";
import { readStruct, writeDifference, writeFailures } from "./wire.ts";

/** Starts the gRPC server of a provider on a free loopback port. */
export async function listen<ConfigSchema extends z.ZodObject, Context>(
  definition: ProviderDefinition<ConfigSchema, Context>,
  engineAddress: string | undefined,
): Promise<{ port: number; stop: () => void }> {
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  server.addService(
    providerService.ResourceProviderService,
    providerMethods(definition, engineAddress),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return {
    port,
    stop: () => {
      server.forceShutdown();
    },
  };
}

function providerMethods<ConfigSchema extends z.ZodObject, Context>(
  definition: ProviderDefinition<ConfigSchema, Context>,
  engineAddress: string | undefined,
): Record<string, UntypedHandleCall> {
  const cancellation = new AbortController();
  const resources = new ResourceMethods(
    definition,
    connectEngine(engineAddress),
    cancellation.signal,
  );

  return {
    handshake: unary((request: InstanceType<typeof messages.ProviderHandshakeRequest>) => {
      resources.engine = connectEngine(request.getEngineAddress());
      const response = new messages.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      response.setAcceptOutputs(true);
      return response;
    }),
    attach: unary((request: InstanceType<typeof pluginMessages.PluginAttach>) => {
      resources.engine = connectEngine(request.getAddress());
      return new emptyMessages.Empty();
    }),
    getPluginInfo: unary(() => {
      const response = new pluginMessages.PluginInfo();
      response.setVersion(definition.version);
      return response;
    }),
    getSchema: unary(() => {
      const response = new messages.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name: definition.name, version: definition.version }));
      return response;
    }),

    checkConfig: unary((request: InstanceType<typeof messages.CheckRequest>) => {
      const response = new messages.CheckResponse();
      const judged = validateConfig(
        definition.config,
        decode(readStruct(request.getNews())).values,
      );
      if (!judged.ok) response.setFailuresList(writeFailures(judged.failures));
      // Recorded as they came: the official plugins keep the JSON text as well.
      response.setInputs(request.getNews());
      return response;
    }),
    diffConfig: unary((request: InstanceType<typeof messages.DiffRequest>) => {
      const old = decode(readStruct(request.getOldInputs() ?? request.getOlds())).values;
      const current = decode(readStruct(request.getNews())).values;
      return writeDifference({
        changes: diffInputs(old, current, [], request.getIgnorechangesList()),
      });
    }),
    configure: unary(async (request: InstanceType<typeof messages.ConfigureRequest>) => {
      const { values } = decode(readStruct(request.getArgs()));
      const judged = validateConfig(definition.config, values);
      if (!judged.ok) {
        const reasons = judged.failures.map(({ property, reason }) => `${property}: ${reason}`);
        throw new Error(`Configuration of ${definition.name}: ${reasons.join("; ")}`);
      }
      // In a preview the address of a server that is yet to be made is not known.
      resources.context = containsUnknown(judged.values)
        ? undefined
        : await definition.configure(judged.values as z.infer<ConfigSchema>);
      const response = new messages.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setAcceptoutputs(true);
      response.setSupportspreview(true);
      return response;
    }),

    check: unary((request: InstanceType<typeof messages.CheckRequest>) => resources.check(request)),
    diff: unary((request: InstanceType<typeof messages.DiffRequest>) => resources.diff(request)),
    create: unary((request: InstanceType<typeof messages.CreateRequest>) =>
      resources.create(request),
    ),
    read: unary((request: InstanceType<typeof messages.ReadRequest>) => resources.read(request)),
    update: unary((request: InstanceType<typeof messages.UpdateRequest>) =>
      resources.update(request),
    ),
    delete: unary(async (request: InstanceType<typeof messages.DeleteRequest>) => {
      await resources.delete(request);
      return new emptyMessages.Empty();
    }),

    invoke: unary((request: InstanceType<typeof messages.InvokeRequest>) => {
      throw new NotCovered(`The function ${request.getTok()}`, definition);
    }),
    call: unary((request: InstanceType<typeof messages.CallRequest>) => {
      throw new NotCovered(`The method ${request.getTok()}`, definition);
    }),
    construct: unary((request: InstanceType<typeof messages.ConstructRequest>) => {
      throw new NotCovered(`The component ${request.getType()}`, definition);
    }),
    cancel: unary(() => {
      cancellation.abort(new Error("interrupted"));
      return new emptyMessages.Empty();
    }),
  };
}

/** Turns a function that returns or throws into a gRPC method. */
function unary(handle: (request: never) => unknown): UntypedHandleCall {
  const method: handleUnaryCall<never, unknown> = (call, answer) => {
    void answerWith(handle, call.request, answer);
  };
  return method as UntypedHandleCall;
}

async function answerWith(
  handle: (request: never) => unknown,
  request: never,
  answer: sendUnaryData<unknown>,
): Promise<void> {
  try {
    answer(null, await handle(request));
  } catch (error) {
    answer(error instanceof Refusal ? error.serviceError : toServiceError(error));
  }
}
