import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  isNullPassword,
  isStoredPassword,
  matchesStored,
  scramVerifier,
} from "../../../../providers/postgresql/scram.ts";

/** The example of RFC 7677, in the form of pg_authid. */
const PENCIL =
  "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==" +
  "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

describe("scramVerifier", () => {
  it("makes what RFC 7677 says of its example", () => {
    expect(scramVerifier("pencil", Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"))).toBe(PENCIL);
  });

  it("uses a new salt each time", () => {
    expect(scramVerifier("pencil")).not.toBe(scramVerifier("pencil"));
  });

  it("prepares other scripts as SASLprep says", () => {
    const salt = Buffer.alloc(16);
    for (const [one, other] of [
      ["I\u00adX", "IX"],
      ["\u2168", "IX"],
      ["a\u00a0b", "a b"],
      ["e\u0301", "\u00e9"],
    ] as const) {
      expect(scramVerifier(one, salt)).toBe(scramVerifier(other, salt));
    }
  });
});

describe("matchesStored", () => {
  it("knows the password that was stored", () => {
    expect(matchesStored("pencil", PENCIL, "user")).toBe(true);
    expect(matchesStored("Pencil", PENCIL, "user")).toBe(false);
    expect(matchesStored(PENCIL, PENCIL, "user")).toBe(true);
    expect(matchesStored("secret", scramVerifier("secret"), "user")).toBe(true);
  });

  it("knows Postgres's older form, which holds the role's name", () => {
    const stored = `md5${createHash("md5").update("pencilalice").digest("hex")}`;
    expect(matchesStored("pencil", stored, "alice")).toBe(true);
    expect(matchesStored("pencil", stored, "bob")).toBe(false);
  });

  it("takes NULL for none", () => {
    expect(matchesStored("NULL", null, "user")).toBe(true);
    expect(matchesStored("pencil", null, "user")).toBe(false);
  });
});

it("stored forms and NULL are told from passwords", () => {
  expect(isStoredPassword(PENCIL)).toBe(true);
  expect(isStoredPassword(`md5${"0".repeat(32)}`)).toBe(true);
  expect(isStoredPassword("SCRAM-SHA-256$")).toBe(false);
  expect(isStoredPassword("md5 is old")).toBe(false);
  expect(isNullPassword("null")).toBe(true);
  expect(isNullPassword("nullable")).toBe(false);
});
