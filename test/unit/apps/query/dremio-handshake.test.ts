import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { connect, type FlightClient } from "../../../../apps/query/client/flight-client.ts";
import { DremioFlightStandIn } from "../../../support/dremio-flight.ts";

let dremio: DremioFlightStandIn;
let flight: FlightClient;

beforeEach(async () => {
  dremio = new DremioFlightStandIn("pass:wörd");
  const address = await dremio.start();
  flight = connect({ address, username: "lakehouse", password: "pass:wörd" });
});

afterEach(() => {
  flight.close();
  dremio.stop();
});

const ask = () => flight.query("SELECT 1");
const answer = [{ sql: "SELECT 1", schema: "nessie_minio_catalog" }];

describe("the client's handshake with Dremio", () => {
  it("sends the password once, and the token from then on", async () => {
    await ask();
    await ask();
    expect(dremio.signIns).toEqual(["Basic", "Bearer", "Bearer", "Bearer"]);
  });

  it("stays in one session, in which names need no catalog", async () => {
    expect(await ask()).toEqual(answer);
    expect(await ask()).toEqual(answer);
    expect(dremio.sessions).toBe(1);
  });

  it.each([
    [
      "the token",
      () => {
        dremio.expireTokens();
      },
    ],
    [
      "the session",
      () => {
        dremio.expireSessions();
      },
    ],
    [
      "both, as by a restart",
      () => {
        dremio.expireTokens();
        dremio.expireSessions();
      },
    ],
  ])("is repeated once Dremio has forgotten %s", async (_, forget) => {
    await ask();
    forget();
    expect(await ask()).toEqual(answer);
  });

  it("ends at a wrong password with Dremio's words", async () => {
    dremio.stop();
    dremio = new DremioFlightStandIn("another");
    const address = await dremio.start();
    const stranger = connect({ address, username: "lakehouse", password: "wrong" });
    await expect(stranger.query("SELECT 1")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: "Unable to authenticate user lakehouse",
    });
    expect(dremio.signIns).toEqual(["Basic"]);
    stranger.close();
  });
});
