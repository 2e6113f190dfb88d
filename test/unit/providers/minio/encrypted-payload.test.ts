import { describe, expect, it } from "vitest";
import { decryptPayload, encryptPayload } from "../../../../providers/minio/encrypted-payload.ts";

const secretKey = "correct horse battery";

/** Made by EncryptData of github.com/minio/madmin-go/v3 with the secret key above. */
const MADMIN_USER =
  "H2How1fkezj6eaE2KHdzdbLdtnVlIREZLY8mOd8IPzQACvjFSIMQYBUNut7mtybq74z9apz3jGfRtJ/35z2eE4i+H8nmRVlT" +
  "/B3F/uvE8h4bU7XfkaawDDGB9zxd/OEFwywElUBXCHrL";
const MADMIN_NOTHING =
  "DVCRXaXW3Iz1lLm3NH569HrDkY4J9Fgp+LSKbR3odkgAVh1wjqNZ0ilQNAlzxiYQOar1RVvHDzV0";

const ARGON2_AES = 0;
const ARGON2_CHACHA = 1;
/** The fastest. */
const PBKDF2_AES = 2;

describe("decryptPayload", () => {
  it("reads what MinIO's own client wrote", async () => {
    const plain = await decryptPayload(secretKey, Buffer.from(MADMIN_USER, "base64"));
    expect(plain.toString()).toBe('{"secretKey":"s3cr3t-s3cr3t","status":"enabled"}');
    expect(await decryptPayload(secretKey, Buffer.from(MADMIN_NOTHING, "base64"))).toHaveLength(0);
  });

  it("refuses another key, a changed byte, and a stream that was cut", async () => {
    const payload = await encryptPayload(secretKey, Buffer.alloc(20_000, "x"), PBKDF2_AES);
    await expect(decryptPayload("another key", payload)).rejects.toThrow();
    for (const index of [0, 33, 41, 16_500, payload.length - 1]) {
      const changed = Buffer.from(payload);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      await expect(decryptPayload(secretKey, changed)).rejects.toThrow();
    }
    // After the first fragment, which is then not marked as the last one.
    const cut = payload.subarray(0, 41 + 16_384 + 16);
    await expect(decryptPayload(secretKey, cut)).rejects.toThrow();
    await expect(decryptPayload(secretKey, payload.subarray(0, 50))).rejects.toThrow(
      "the encrypted payload ends after 50 bytes",
    );
  });

  it("refuses a cipher that it does not know", async () => {
    const payload = await encryptPayload(secretKey, Buffer.from("x"), PBKDF2_AES);
    payload.writeUInt8(9, 32);
    await expect(decryptPayload(secretKey, payload)).rejects.toThrow("an unknown cipher id: 9");
  });
});

describe("encryptPayload", () => {
  it.each([
    [ARGON2_AES, [40_000]],
    [ARGON2_CHACHA, [40_000]],
    [PBKDF2_AES, [0, 1, 16_383, 16_384, 16_385, 40_000]],
  ])("is reversed by decryptPayload with cipher %i, for %j bytes", async (cipherId, lengths) => {
    for (const length of lengths) {
      const plain = Buffer.alloc(length, "0123456789");
      const payload = await encryptPayload(secretKey, plain, cipherId);
      const fragments = Math.max(1, Math.ceil(length / 16_384));
      expect(payload).toHaveLength(41 + length + 16 * fragments);
      expect((await decryptPayload(secretKey, payload)).equals(plain)).toBe(true);
    }
  });

  it("never makes the same payload twice", async () => {
    const [one, other] = [
      await encryptPayload(secretKey, Buffer.from("x"), PBKDF2_AES),
      await encryptPayload(secretKey, Buffer.from("x"), PBKDF2_AES),
    ];
    expect(one.equals(other)).toBe(false);
  });
});
