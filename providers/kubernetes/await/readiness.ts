import type { Cluster } from "../cluster.ts";
import type { LiveObject } from "../objects.ts";

/** Whether an object is usable yet. */
export type Readiness =
  | { readonly state: "ready" }
  /** Not yet: what is missing. */
  | { readonly state: "waiting"; readonly message: string }
  /** Never without a change: why. */
  | { readonly state: "failed"; readonly message: string };

/** Looks at an object that was just read. */
export type Look = (live: LiveObject, cluster: Cluster) => Readiness | Promise<Readiness>;

/** When an object of some kind is usable. */
export interface Awaiter {
  /** Milliseconds after which waiting ends in an error, unless the program says otherwise. */
  readonly timeoutMs: number;
  /** Begins to watch one object; what it remembers between looks is kept in the closure. */
  begin(situation: Situation): Look;
  /** The pods that this object runs, which tell why it is not ready. */
  pods?(live: LiveObject, cluster: Cluster): Promise<LiveObject[]>;
}

export interface Situation {
  /** True if the object was made just now, false if it was changed. */
  readonly isNew: boolean;
}

export const ready: Readiness = { state: "ready" };

export function waiting(message: string): Readiness {
  return { state: "waiting", message };
}

export function failed(message: string): Readiness {
  return { state: "failed", message };
}

export const MINUTES = 60_000;
