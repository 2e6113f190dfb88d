import { serve } from "../runtime/provider.ts";
import { minioProvider } from "./provider.ts";

await serve(minioProvider);
