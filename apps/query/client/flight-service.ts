import {
  type CallOptions,
  type ChannelCredentials,
  type ChannelOptions,
  type Client,
  type ClientReadableStream,
  type ClientUnaryCall,
  loadPackageDefinition,
  type Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";

/**
 * The part of Arrow's `Flight.proto` that a query needs. It stands here and not in a `.proto` file,
 * so that a bundle carries it along.
 * @see https://arrow.apache.org/docs/format/Flight.html
 */
const definition = fromJSON(
  {
    nested: {
      "arrow.flight.protocol": {
        nested: {
          FlightService: {
            methods: {
              GetFlightInfo: {
                requestType: "FlightDescriptor",
                responseType: "FlightInfo",
                comment: "Asks for a result and where to get it.",
              },
              DoGet: {
                requestType: "Ticket",
                responseType: "FlightData",
                responseStream: true,
                comment: "Gets a result.",
              },
            },
          },
          DescriptorType: { values: { UNKNOWN: 0, PATH: 1, CMD: 2 } },
          FlightDescriptor: {
            fields: {
              type: { type: "DescriptorType", id: 1 },
              cmd: { type: "bytes", id: 2 },
            },
          },
          FlightInfo: {
            fields: { endpoint: { rule: "repeated", type: "FlightEndpoint", id: 3 } },
          },
          FlightEndpoint: { fields: { ticket: { type: "Ticket", id: 1 } } },
          Ticket: { fields: { ticket: { type: "bytes", id: 1 } } },
          FlightData: {
            fields: {
              dataHeader: { type: "bytes", id: 2 },
              dataBody: { type: "bytes", id: 1000 },
            },
          },
        },
      },
    },
  },
  { enums: String },
);

/** Asks for a result: `cmd` is the SQL text. */
export interface FlightDescriptor {
  readonly type: "CMD";
  readonly cmd: Buffer;
}

/** Redeemed by DoGet; what is in it is the server's business. */
export interface Ticket {
  readonly ticket: Buffer;
}

export interface FlightInfo {
  readonly endpoint?: readonly { readonly ticket: Ticket }[];
}

/** One Arrow IPC message: its flatbuffer without a length, and its body. */
export interface FlightData {
  readonly dataHeader?: Buffer;
  readonly dataBody?: Buffer;
}

/** The two calls of a query. */
export interface FlightService extends Client {
  GetFlightInfo(
    descriptor: FlightDescriptor,
    headers: Metadata,
    options: CallOptions,
    callback: (error: ServiceError | null, info?: FlightInfo) => void,
  ): ClientUnaryCall;
  DoGet(ticket: Ticket, headers: Metadata, options: CallOptions): ClientReadableStream<FlightData>;
}

interface Packages {
  readonly arrow: {
    readonly flight: {
      readonly protocol: {
        readonly FlightService: new (
          address: string,
          channelCredentials: ChannelCredentials,
          options: ChannelOptions,
        ) => FlightService;
      };
    };
  };
}

const packages = loadPackageDefinition(definition) as unknown as Packages;

/** Makes clients of the service. They connect when first used. */
export const { FlightService } = packages.arrow.flight.protocol;
