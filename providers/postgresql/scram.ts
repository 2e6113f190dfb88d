import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";

/** Postgres's own number, see scram_iterations. */
const ITERATIONS = 4096;
const SALT_LENGTH = 16;

/**
 * What Postgres stores of a password (RFC 5803). Sent in place of the password, so that the password
 * itself never reaches the server's log or its statistics.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(SALT_LENGTH)): string {
  return writeVerifier(password, salt, ITERATIONS);
}

/** True if the text is a password in a stored form, which Postgres takes as it is. */
export function isStoredPassword(text: string): boolean {
  return SCRAM.test(text) || MD5.test(text);
}

/**
 * True if a stored password was made from this one.
 *
 * @param stored What pg_authid holds; null for none.
 */
export function matchesStored(password: string, stored: string | null, role: string): boolean {
  if (stored === null) return isNullPassword(password);
  if (password === stored) return true;
  const scram = SCRAM.exec(stored);
  if (scram?.groups !== undefined) {
    const { iterations, salt } = scram.groups as { iterations: string; salt: string };
    const expected = writeVerifier(password, Buffer.from(salt, "base64"), Number(iterations));
    return isEqual(expected, stored);
  }
  // Of Postgres before 14; its md5 is what the server compares.
  return isEqual(
    `md5${createHash("md5")
      .update(password + role)
      .digest("hex")}`,
    stored,
  );
}

/** The official plugin takes this text for: no password. */
export function isNullPassword(password: string): boolean {
  return password.toUpperCase() === "NULL";
}

const SCRAM = /^SCRAM-SHA-256\$(?<iterations>\d+):(?<salt>[\w+/=]+)\$[\w+/=]+:[\w+/=]+$/;
const MD5 = /^md5[0-9a-f]{32}$/;

function writeVerifier(password: string, salt: Buffer, iterations: number): string {
  const salted = pbkdf2Sync(prepare(password), salt, iterations, 32, "sha256");
  const storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest("base64");
  const serverKey = hmac(salted, "Server Key").toString("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/**
 * SASLprep (RFC 4013) as far as it changes a password: other spaces become the plain one, invisible
 * characters go, the rest is normalized. What it would forbid, Postgres takes unchanged.
 */
function prepare(password: string): string {
  if (/^[\x20-\x7e]*$/.test(password)) return password;
  return password
    .replaceAll(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, " ")
    .replaceAll(/[\u00ad\u034f\u1806\u180b-\u180d\u200c\u200d\u2060\ufe00-\ufe0f\ufeff]/g, "")
    .normalize("NFKC");
}

function isEqual(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}
