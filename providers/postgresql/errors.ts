/** An error that the server sent. */
export class PostgresError extends Error {
  /** SQLSTATE, see https://www.postgresql.org/docs/current/errcodes-appendix.html */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PostgresError";
    this.code = code;
  }
}

/** The SQLSTATEs that are dealt with by name. */
export const SqlState = {
  cannotConnectNow: "57P03",
  dependentObjectsExist: "2BP01",
  duplicateDatabase: "42P04",
  duplicateObject: "42710",
  insufficientPrivilege: "42501",
  invalidCatalogName: "3D000",
  invalidPassword: "28P01",
  objectInUse: "55006",
  objectNotInPrerequisiteState: "55000",
  undefinedFunction: "42883",
  undefinedTable: "42P01",
} as const;

/** The SQLSTATE of an error, if the server sent one. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof PostgresError ? error.code : undefined;
}

/** Says what failed, where, and the cure. Never holds a statement, which may hold a secret. */
export function explainPostgresError(error: unknown, address: string): Error {
  if (error instanceof PostgresError) return error;
  if (!(error instanceof Error)) return new Error(String(error));
  if (isFromServer(error)) {
    const detail = error.detail === undefined ? "" : ` (${error.detail})`;
    const cure = CURES[error.code];
    const message = `Postgres at ${address}: ${error.message}${detail}`;
    return new PostgresError(error.code, cure === undefined ? message : `${message}. ${cure}`);
  }
  const reason = connectionReason(error);
  if (reason === undefined) return error;
  if (reason.includes("does not support SSL")) {
    return new Error(
      `Postgres at ${address} speaks no TLS. Pass sslmode: "disable" to the provider, or switch TLS on in the server.`,
    );
  }
  return new Error(
    `Postgres does not answer at ${address}: ${reason}. Start it, or correct host and port of the provider.`,
  );
}

/** True for what passes by itself shortly after a server started. */
export function isNotReady(error: Error): boolean {
  if (isFromServer(error)) return error.code === SqlState.cannotConnectNow;
  const reason = connectionReason(error);
  return reason !== undefined && !reason.includes("does not support SSL");
}

const CURES: Readonly<Record<string, string>> = {
  [SqlState.invalidPassword]: "Check username and password of the provider.",
  [SqlState.insufficientPrivilege]:
    "Let the provider log in as a superuser, or grant its role what is missing.",
};

interface ServerError extends Error {
  readonly code: string;
  readonly severity: string;
  readonly detail?: string;
}

function isFromServer(error: Error): error is ServerError {
  return "severity" in error && "code" in error && typeof error.code === "string";
}

/** What the socket or the driver says, also where Node tried several addresses of one name. */
function connectionReason(error: Error): string | undefined {
  if (error instanceof AggregateError) {
    const reasons = error.errors.map((inner) => (inner instanceof Error ? inner.message : ""));
    return [...new Set(reasons)].join(", ");
  }
  const isOfDriver = /^(Connection terminated|timeout expired|The server does not support SSL)/;
  return "syscall" in error || isOfDriver.test(error.message) ? error.message : undefined;
}
