import type { QueryEngineKind } from "./config.ts";
import { Dremio, type DremioArgs } from "./dremio.ts";
import { type QueryConnection, QueryEngine, type QueryEngineArgs } from "./query-engine.ts";

export interface QueryArgs
  extends QueryEngineArgs, Pick<DremioArgs, "bootstrapImage" | "dremioStorage"> {
  readonly engine: QueryEngineKind;
}

/** The engine that answers SQL over Arrow Flight. Who asks it need not know which one it is. */
export function createQuery(name: string, { engine, ...args }: QueryArgs): QueryConnection {
  return engine === "dremio" ? new Dremio(name, args) : new QueryEngine(name, args);
}
