import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";

import type { Progress } from "../progress.ts";

/** What a preview says of one resource. */
export interface Change {
  /** `create`, `update`, `replace`, `delete` and the like. */
  readonly operation: string;
  /** Type and name, such as `kubernetes:apps/v1:Deployment query`. */
  readonly resource: string;
  /** Paths of the inputs that differ. */
  readonly fields: readonly string[];
}

/** The engine reports each half of a replacement too; the replacement itself is enough. */
const halves = new Set(["create-replacement", "delete-replaced", "discard-replaced"]);

/** Follows the engine's events: tells what goes on, and keeps what changed and what failed. */
export class EventLog {
  readonly changes: Change[] = [];
  /** What the user should know although nothing failed, each with the resource that it is about. */
  readonly warnings: string[] = [];
  readonly #errors: string[] = [];
  readonly #running = new Map<string, string>();
  readonly #progress: Progress;
  #finished = 0;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  /** The errors of the run, each with the resource that it is about. */
  get errors(): string {
    return this.#errors.join("\n");
  }

  readonly onEvent = (event: EngineEvent): void => {
    const started = event.resourcePreEvent?.metadata;
    if (started !== undefined) {
      const { op, urn, detailedDiff, diffs } = started;
      if (!["same", "read"].includes(op)) {
        this.#running.set(urn, operationName(op, urn));
        if (!halves.has(op)) {
          const fields = Object.keys(detailedDiff ?? {});
          this.changes.push({
            operation: op,
            resource: resourceName(urn),
            fields: fields.length > 0 ? fields : (diffs ?? []),
          });
        }
      }
      this.#show();
    }
    const ended = event.resOutputsEvent?.metadata ?? event.resOpFailedEvent?.metadata;
    if (ended !== undefined) {
      this.#running.delete(ended.urn);
      this.#finished += 1;
      this.#show();
    }
    const diagnostic = event.diagnosticEvent;
    if (diagnostic === undefined) return;
    const message = diagnostic.message.replace(/<\{%\w+%\}>/g, "").trim();
    const about = diagnostic.urn === undefined ? "" : `${resourceName(diagnostic.urn)}: `;
    if (message === "" || isNoise(diagnostic.severity, message)) return;
    if (diagnostic.severity === "error") this.#errors.push(`${about}${message}`);
    else if (diagnostic.severity === "warning") this.warnings.push(`${about}${message}`);
    else this.#progress(`${about}${message.split("\n")[0] ?? ""}`);
  };

  #show(): void {
    const running = [...this.#running.values()];
    const shown = running.slice(0, 4).join(", ");
    const more = running.length > 4 ? ` and ${running.length - 4} more` : "";
    this.#progress(`${this.#finished} done${running.length > 0 ? `; ${shown}${more}` : ""}`);
  }
}

/**
 * The engine also sends its debugging messages, of a severity that its SDK does not name, and warns
 * of every stand-in that it finds on PATH, where we have put it.
 */
function isNoise(severity: string, message: string): boolean {
  return severity === "debug" || message.startsWith("using pulumi-resource-");
}

/** `urn:pulumi:dev::lakehouse::parent$kubernetes:core/v1:Service::kafka` as type and name. */
export function resourceName(urn: string): string {
  const [, , types = "", name = ""] = urn.split("::");
  return `${types.split("$").at(-1) ?? types} ${name}`;
}

function operationName(operation: string, urn: string): string {
  const verb = operation.startsWith("delete") ? "removing " : "";
  return `${verb}${urn.split("::").at(-1) ?? urn}`;
}
