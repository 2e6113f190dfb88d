import { argon2, createCipheriv, createDecipheriv, pbkdf2, randomBytes } from "node:crypto";
import type { CipherGCMTypes } from "node:crypto";
import { promisify } from "node:util";

// Requests and answers of MinIO's admin API that carry secrets are encrypted with the secret key of
// the account that signs them:
//
//   salt (32 bytes) | cipher id (1) | nonce (8) | stream
//
// The stream is cut into fragments of 16 KiB, each sealed with a 16-byte tag. A fragment's nonce is
// the header's followed by its number (32 bits, little endian), counted from 1. What is authenticated
// with it is a flag that marks the last fragment, and the tag of an empty fragment of number 0.
// https://github.com/minio/madmin-go/blob/main/encrypt.go
// https://github.com/secure-io/sio-go

const SALT_LENGTH = 32;
const NONCE_LENGTH = 8;
const HEADER_LENGTH = SALT_LENGTH + 1 + NONCE_LENGTH;
const KEY_LENGTH = 32;
const TAG_LENGTH = 16;
const FRAGMENT_LENGTH = 16 * 1024;
const MORE_FRAGMENTS = 0x00;
const LAST_FRAGMENT = 0x80;

interface CipherSuite {
  readonly name: CipherGCMTypes;
  readonly deriveKey: (password: string, salt: Buffer) => Promise<Buffer>;
}

// Node takes the same options for both ciphers; its types do not say so.
const CHACHA20_POLY1305 = "chacha20-poly1305" as string as CipherGCMTypes;

/** Suites by the id in the header. The first one is what we write. */
const SUITES: readonly CipherSuite[] = [
  { name: "aes-256-gcm", deriveKey: argon2id },
  { name: CHACHA20_POLY1305, deriveKey: argon2id },
  { name: "aes-256-gcm", deriveKey: pbkdf2Sha256 },
];

// Asynchronous, as a key takes a tenth of a second and more.
const deriveArgon2 = promisify(argon2);
const derivePbkdf2 = promisify(pbkdf2);

function argon2id(password: string, salt: Buffer): Promise<Buffer> {
  return deriveArgon2("argon2id", {
    message: password,
    nonce: salt,
    parallelism: 4,
    memory: 64 * 1024, // KiB
    passes: 1,
    tagLength: KEY_LENGTH,
  });
}

function pbkdf2Sha256(password: string, salt: Buffer): Promise<Buffer> {
  return derivePbkdf2(password, salt, 8192, KEY_LENGTH, "sha256");
}

/**
 * Encrypts a request for MinIO's admin API.
 *
 * @param secretKey Secret key of the account that signs the request.
 * @param suiteId Cipher suite, 0 to 2. @default 0, AES-256-GCM with a key made by Argon2id
 */
export async function encryptPayload(
  secretKey: string,
  plain: Uint8Array,
  suiteId = 0,
): Promise<Buffer> {
  const suite = suiteOf(suiteId);
  const salt = randomBytes(SALT_LENGTH);
  const nonce = randomBytes(NONCE_LENGTH);
  const stream = new FragmentCipher(suite.name, await suite.deriveKey(secretKey, salt), nonce);

  const parts: Buffer[] = [salt, Buffer.of(suiteId), nonce];
  for (const fragment of fragmentsOf(plain, FRAGMENT_LENGTH)) {
    parts.push(stream.seal(fragment.number, fragment.bytes, fragment.isLast));
  }
  return Buffer.concat(parts);
}

/** Decrypts an answer of MinIO's admin API. Throws if it was cut, changed, or meant for another key. */
export async function decryptPayload(secretKey: string, payload: Uint8Array): Promise<Buffer> {
  if (payload.length < HEADER_LENGTH + TAG_LENGTH) {
    throw new Error(`the encrypted payload ends after ${payload.length} bytes`);
  }
  const bytes = Buffer.from(payload);
  const salt = bytes.subarray(0, SALT_LENGTH);
  const suite = suiteOf(bytes.readUInt8(SALT_LENGTH));
  const nonce = bytes.subarray(SALT_LENGTH + 1, HEADER_LENGTH);
  const stream = new FragmentCipher(suite.name, await suite.deriveKey(secretKey, salt), nonce);

  const parts: Buffer[] = [];
  const sealed = bytes.subarray(HEADER_LENGTH);
  for (const fragment of fragmentsOf(sealed, FRAGMENT_LENGTH + TAG_LENGTH)) {
    parts.push(stream.open(fragment.number, fragment.bytes, fragment.isLast));
  }
  return Buffer.concat(parts);
}

function suiteOf(id: number): CipherSuite {
  const suite = SUITES[id];
  if (suite === undefined) throw new Error(`the encrypted payload has an unknown cipher id: ${id}`);
  return suite;
}

/** Cuts into pieces of `length`, numbered from 1; nothing at all is one empty piece. */
function* fragmentsOf(bytes: Uint8Array, length: number) {
  const count = Math.max(1, Math.ceil(bytes.length / length));
  for (let number = 1; number <= count; number++) {
    const end = number * length;
    yield { number, bytes: bytes.subarray(end - length, end), isLast: number === count };
  }
}

/** Seals and opens the fragments of one stream. */
class FragmentCipher {
  private readonly suite: CipherSuite["name"];
  private readonly key: Buffer;
  private readonly nonce: Buffer;
  private readonly streamTag: Buffer;

  constructor(suite: CipherSuite["name"], key: Buffer, nonce: Buffer) {
    this.suite = suite;
    this.key = key;
    this.nonce = nonce;
    const cipher = createCipheriv(suite, key, this.nonceOf(0), { authTagLength: TAG_LENGTH });
    cipher.final();
    this.streamTag = cipher.getAuthTag();
  }

  seal(number: number, plain: Uint8Array, isLast: boolean): Buffer {
    const options = { authTagLength: TAG_LENGTH };
    const cipher = createCipheriv(this.suite, this.key, this.nonceOf(number), options);
    cipher.setAAD(this.authenticated(isLast));
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  open(number: number, sealed: Uint8Array, isLast: boolean): Buffer {
    const end = sealed.length - TAG_LENGTH;
    const options = { authTagLength: TAG_LENGTH };
    const decipher = createDecipheriv(this.suite, this.key, this.nonceOf(number), options);
    decipher.setAAD(this.authenticated(isLast));
    decipher.setAuthTag(sealed.subarray(end));
    return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()]);
  }

  private nonceOf(number: number): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32LE(number);
    return Buffer.concat([this.nonce, counter]);
  }

  private authenticated(isLast: boolean): Buffer {
    return Buffer.concat([Buffer.of(isLast ? LAST_FRAGMENT : MORE_FRAGMENTS), this.streamTag]);
  }
}
