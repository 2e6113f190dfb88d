import { serve } from "../runtime/provider.ts";
import { postgresqlProvider } from "./provider.ts";

await serve(postgresqlProvider);
