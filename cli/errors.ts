/**
 * A failure that the person at the keyboard can act on. It is printed without a stack: what failed,
 * why, and the cure. Anything else that is thrown is a defect of ours and keeps its stack.
 */
export class UserError extends Error {
  /** What to do about it, as one imperative sentence or command. */
  readonly cure: string;
  /** The last lines of the log that tells more, if there is one. */
  readonly log: string | undefined;

  constructor(what: string, options: { cure: string; log?: string; cause?: unknown }) {
    super(what, { cause: options.cause });
    this.name = "UserError";
    this.cure = options.cure;
    this.log = options.log;
  }
}
