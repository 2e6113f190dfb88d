import { describe, expect, it } from "vitest";

import { createOptionalParts, type OptionalPartsArgs } from "../../../components/optional-parts.ts";

describe("an optional part", () => {
  it.each([
    ["cdc", "cdc"],
    ["airflow", "airflow"],
    ["notebook", "notebook"],
  ])("%s is refused, with the cure, while its image is not built", (part, image) => {
    const none = { cdc: false, kafkaUi: false, airflow: false, notebook: undefined };
    const chosen = { ...none, [part]: part === "notebook" ? { storage: "1Gi" } : true };
    expect(() => {
      createOptionalParts({ chosen, images: {} } as OptionalPartsArgs);
    }).toThrow(`The image ${image} was not built. Run \`npm run up\``);
  });
});
