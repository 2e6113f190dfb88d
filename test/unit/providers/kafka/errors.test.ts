import kafkajs from "kafkajs";
import { describe, expect, it } from "vitest";
import { explainKafkaError, failureType } from "../../../../providers/kafka/errors.ts";

const servers = ["localhost:9092"];

function protocolError(type: string, message: string) {
  return Object.assign(new kafkajs.KafkaJSError(message), { name: "KafkaJSProtocolError", type });
}

describe("explainKafkaError", () => {
  it("names the broker that does not answer", () => {
    const lost = new kafkajs.KafkaJSConnectionError("connect ECONNREFUSED", {
      broker: "localhost:9092",
    });
    expect(explainKafkaError(lost, servers).message).toBe(
      "Kafka does not answer at localhost:9092: connect ECONNREFUSED. " +
        "Start the broker, or correct bootstrapServers of the provider.",
    );
  });

  it("tells an address that the cluster gave from one of the provider's", () => {
    const lost = new kafkajs.KafkaJSConnectionError("timeout", { broker: "kafka-0:9092" });
    expect(explainKafkaError(lost, servers).message).toContain(
      "correct the broker's advertised.listeners",
    );
  });

  it("suspects TLS where the handshake fails", () => {
    const closed = new kafkajs.KafkaJSConnectionError(
      "Client network socket disconnected before secure TLS connection was established",
      { broker: "localhost:9092" },
    );
    expect(explainKafkaError(closed, servers).message).toContain("pass tlsEnabled: false");
  });

  it("finds the reason below what wraps it", () => {
    const inner = protocolError("SECURITY_DISABLED", "Security features are disabled");
    const retries = Object.assign(new kafkajs.KafkaJSError("x"), {
      name: "KafkaJSNumberOfRetriesExceeded",
      cause: inner,
    });
    const aggregate = new kafkajs.KafkaJSAggregateError("Topic creation errors", [inner]);
    for (const error of [inner, retries, aggregate]) {
      expect(failureType(error)).toBe("SECURITY_DISABLED");
      const explained = explainKafkaError(error, servers);
      expect(explained.message).toContain(
        "Security features are disabled. The broker keeps no ACLs",
      );
      expect(failureType(explained)).toBe("SECURITY_DISABLED");
    }
  });

  it("returns what is no error of the client as it is", () => {
    const error = new Error("ours");
    expect(explainKafkaError(error, servers)).toBe(error);
  });
});
