import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe as suite, expect, it } from "vitest";

import { describe, load, type LoadSummary } from "../../../../cli/commands/load.ts";
import { UserError } from "../../../../cli/errors.ts";
import { emptyTally } from "../../../../k8s-jobs/storage-loader/tally.ts";

const header =
  "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session";

suite("load", () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "load-"));
    path = join(folder, "day.csv");
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("refuses a file before it looks for a platform", async () => {
    await expect(load(path, "max", "no-such-stack")).rejects.toThrow(/There is no file/);
    await writeFile(path, "a,b,c\n");
    await expect(load(path, "max", "no-such-stack")).rejects.toThrow(/lacks event_time/);
  });

  it("says that the stack is not up", async () => {
    await writeFile(path, `${header}\n`);
    await expect(load(path, "max", "no-such-stack")).rejects.toThrow(
      'The stack "no-such-stack" is not up',
    );
    await expect(load(path, "max", "no-such-stack")).rejects.toBeInstanceOf(UserError);
  });
});

suite("the summary of a load", () => {
  const summary = (changes: Partial<LoadSummary>): LoadSummary => ({
    ...emptyTally(),
    file: "day.csv",
    copied: { training: 0, testing: 0 },
    seconds: 12.3,
    ...changes,
  });

  it("tells rejected lines by number and reason, and how many more there are", () => {
    const text = describe(
      summary({
        rows: 20,
        rejected: 3,
        training: { objects: 1, added: 1, alreadyThere: 0 },
        rejects: [{ line: 7, reason: "user_session is missing" }],
      }),
    );
    expect(text).toContain("  line 7: user_session is missing\n  and 2 more\n");
    expect(text).toContain("Everything is there after 12.3 s.");
  });

  it("says when nothing was new", () => {
    const text = describe(summary({ testing: { objects: 5, added: 0, alreadyThere: 5 } }));
    expect(text).toContain("Nothing in it is new.");
    expect(text).not.toContain("Rejected,");
  });
});
