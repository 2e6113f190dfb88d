import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { UserError } from "../../../../cli/errors.ts";
import { missingPackages } from "../../../../cli/host/apt.ts";
import { runLogged } from "../../../../cli/host/command.ts";
import { withLock } from "../../../../cli/host/lock.ts";
import { waitFor } from "../../../../cli/host/wait.ts";

const folder = mkdtempSync(join(tmpdir(), "host-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("missingPackages takes what is removed or half installed for missing", () => {
  const status = "jq installed\ndocker.io config-files\nrunc half-installed\n";
  expect(missingPackages(["jq", "docker.io", "runc", "tini"], status)).toEqual([
    "docker.io",
    "runc",
    "tini",
  ]);
});

describe("runLogged", () => {
  const options = {
    what: "The build",
    cure: "Mend it.",
    logFile: join(folder, "logs", "build.log"),
  };

  test("gives every line to the log and to progress, without colours", async () => {
    const lines: string[] = [];
    const script = "echo one; printf '\\033[31mtwo\\033[0m\\n' >&2; cat";
    await runLogged("sh", ["-c", script], { ...options, input: "three\n" }, (line) => {
      lines.push(line);
    });
    expect(lines.toSorted()).toEqual(["one", "three", "two"]);
    expect(readFileSync(options.logFile, "utf8").split("\n").toSorted()).toEqual([
      "",
      "one",
      "three",
      "two",
    ]);
  });

  test("fails with the end of the log and the cure", async () => {
    const script = "for line in $(seq 100); do echo line $line; done; exit 3";
    const failure = await runLogged("sh", ["-c", script], options, () => undefined).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(UserError);
    const { message, cure, log } = failure as UserError;
    expect(message).toMatch(/^The build failed \(Command failed with exit code 3/);
    expect(cure).toBe("Mend it.");
    expect(log?.split("\n")).toHaveLength(25);
    expect(log).toMatch(/line 100$/);
  });

  test("fails with the cure when the command does not exist", async () => {
    const run = runLogged("no-such-command", [], options, () => undefined);
    await expect(run).rejects.toThrow(/^The build failed .*ENOENT/);
  });
});

test("withLock lets one action in at a time and is free again after a failure", async () => {
  const file = join(folder, "lock");
  const events: string[] = [];
  const action = (name: string) => async (): Promise<void> => {
    events.push(`${name} in`);
    await new Promise((resolve) => setTimeout(resolve, 30));
    events.push(`${name} out`);
    if (name === "a") throw new Error("a failed");
  };
  const first = withLock(file, action("a")).catch((error: unknown) => (error as Error).message);
  const second = withLock(file, action("b"));
  expect(await first).toBe("a failed");
  await second;
  const order = events[0] === "a in" ? ["a", "b"] : ["b", "a"];
  expect(events).toEqual(order.flatMap((name) => [`${name} in`, `${name} out`]));
});

test("waitFor returns the first answer, or undefined at the deadline", async () => {
  let looks = 0;
  expect(await waitFor(() => Promise.resolve(++looks === 2 && "there"), 5_000)).toBe("there");
  expect(await waitFor(() => Promise.resolve(false as const), 0)).toBeUndefined();
});
