/** An answer of the server that refuses a request. */
export class MinioError extends Error {
  /** S3's or MinIO's name of the failure, such as `NoSuchBucket`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MinioError";
    this.code = code;
  }
}

/** The name of a failure, if the server answered at all. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof MinioError ? error.code : undefined;
}

/** Says what failed, where, and the cure. */
export function explainMinioError(error: unknown, endpoint: string): Error {
  if (error instanceof MinioError) return error;
  if (!(error instanceof Error)) return new Error(String(error));

  if (isServiceException(error)) {
    // S3 puts the code into the name. A HEAD request has no body and so no code.
    const code =
      error.name === "UnknownError" ? `Http${error.$metadata.httpStatusCode ?? ""}` : error.name;
    const cure = CURES[code];
    const message = `MinIO at ${endpoint} refuses: ${error.message} (${code})`;
    return new MinioError(code, cure === undefined ? message : `${message}. ${cure}`);
  }
  const reason = networkReason(error);
  if (reason === undefined) return error;
  return new Error(
    `MinIO does not answer at ${endpoint}: ${reason}. Start it, or correct minioServer and minioSsl of the provider.`,
    { cause: error },
  );
}

const CURES: Readonly<Record<string, string>> = {
  AccessDenied: "Give the provider's user the rights of an administrator.",
  Http403: "Check minioUser and minioPassword of the provider, and that user's rights.",
  InvalidAccessKeyId: "Check minioUser of the provider.",
  SignatureDoesNotMatch: "Check minioPassword of the provider.",
};

/** Adds the cure that goes with a code, for answers that did not come through the S3 client. */
export function withCure(code: string, message: string): MinioError {
  const cure = CURES[code];
  return new MinioError(code, cure === undefined ? message : `${message}. ${cure}`);
}

interface ServiceException extends Error {
  readonly $metadata: { readonly httpStatusCode?: number };
}

function isServiceException(error: Error): error is ServiceException {
  return "$fault" in error && "$metadata" in error;
}

/** What a socket says, also where Node tried several addresses of one name. */
export function networkReason(error: Error): string | undefined {
  if (error instanceof AggregateError) {
    const reasons = error.errors.map((inner) => (inner instanceof Error ? inner.message : ""));
    return [...new Set(reasons)].join(", ");
  }
  if (error.name === "TimeoutError") return error.message;
  return "syscall" in error || "code" in error ? error.message : undefined;
}
