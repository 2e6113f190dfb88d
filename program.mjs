// The entry of `pulumi up` by hand, which takes the Node on PATH, whichever that is.
import { RunError } from "@pulumi/pulumi";

if (!process.features.typescript) {
  throw new RunError(
    `This program needs Node 24, the one on PATH is ${process.versions.node}. ` +
      'npm has installed one: run `export PATH="$PWD/node_modules/.bin:$PATH"` here.',
  );
}
const { default: lakehouse } = await import("./index.ts");

export default lakehouse;
