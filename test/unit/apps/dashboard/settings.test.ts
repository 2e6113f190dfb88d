import { describe, expect, it } from "vitest";

import { readSettings } from "../../../../apps/dashboard/server/settings.ts";

const needed = {
  FLIGHT_ADDRESS: "query:32010",
  FLIGHT_USER_FILE: "/run/user",
  FLIGHT_PASSWORD_FILE: "/run/password",
};

describe("readSettings", () => {
  it("needs the query engine's address and credentials", () => {
    expect(readSettings(needed)).toEqual({ ...needed, PORT: 8080 });
    expect(() => readSettings({ FLIGHT_ADDRESS: "query", PORT: "x" })).toThrow(
      /PORT: .*FLIGHT_ADDRESS: host:port; FLIGHT_USER_FILE: .*FLIGHT_PASSWORD_FILE: /,
    );
  });
});
