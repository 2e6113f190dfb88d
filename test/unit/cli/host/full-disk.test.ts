import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { UserError } from "../../../../cli/errors.ts";
import { explained } from "../../../../cli/explain.ts";
import { runLogged } from "../../../../cli/host/command.ts";
import { configuredDataRoot, type Space, spaceOf } from "../../../../cli/host/disk.ts";
import { makeWhole, writeWhole } from "../../../../cli/host/files.ts";
import { isFullDisk } from "../../../../cli/host/full-disk.ts";

// Programs are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const noSpace = Object.assign(new Error("ENOSPC: no space left on device, write"), {
  code: "ENOSPC",
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "full-disk-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("isFullDisk", () => {
  test.each<[string, unknown, boolean]>([
    ["Node's own error", noSpace, true],
    ["a full quota", new Error("EDQUOT: disk quota exceeded, open '/a'"), true],
    ["what caused another error", new Error("cannot lock /a", { cause: noSpace }), true],
    [
      "what a program wrote",
      Object.assign(new Error("exit code 1"), { stderr: "a\nwrite /b: no space left on device\n" }),
      true,
    ],
    [
      "the log of a UserError",
      new UserError("The build failed", { cure: "", log: "[Errno 28] No space left on device" }),
      true,
    ],
    [
      "a user without file watches",
      new Error("ENOSPC: System limit for number of file watchers reached, watch '/a'"),
      false,
    ],
    ["anything else", new Error("ECONNREFUSED"), false],
    ["what is no error", "no space left on device", false],
  ])("%s: %s is %s", (_, error, answer) => {
    expect(isFullDisk(error)).toBe(answer);
  });
});

describe("explained", () => {
  const gibibyte = 2 ** 30;
  const spaces: Space[] = [
    { what: "downloads and builds", path: "/cache", free: 0, disk: 1 },
    { what: "temporary files", path: "/tmp", free: 0, disk: 1 },
    { what: "Docker's images", path: "/docker", free: 3 * gibibyte, disk: 2 },
  ];
  const measure = () => Promise.resolve(spaces);

  test("says what was written, the room on every disk, and the cure", async () => {
    const log = "go: writing /cache/x: no space left on device";
    const failure = new UserError("Building kind failed", { cure: "Check the proxy.", log });
    const told = (await explained(failure, measure)) as UserError;
    expect(told.message).toBe("A disk is full: Building kind failed");
    expect(told.log).toBe(
      [
        log,
        "free now: 0.0 GiB for downloads and builds (/cache), temporary files (/tmp)",
        "free now: 3.0 GiB for Docker's images (/docker)",
      ].join("\n"),
    );
    expect(told.cure).toMatch(/LAKEHOUSE_CACHE.*data-root.*npm run down -- --purge/);
  });

  test("tells the same of a bare error, and without the room where that is not to be had", async () => {
    const told = (await explained(noSpace, () => Promise.reject(new Error("no")))) as UserError;
    expect(told).toBeInstanceOf(UserError);
    expect(told.message).toBe("A disk is full: ENOSPC: no space left on device, write");
  });

  test("leaves other errors as they are", async () => {
    const other = new Error("a defect");
    expect(await explained(other, measure)).toBe(other);
  });
});

test("a command's first word of a full disk is kept, however much it says after that", async () => {
  const script = "echo write: No space left on device; seq 100; exit 1";
  const options = { what: "The build", cure: "", logFile: join(folder, "log") };
  const failure = await runLogged("sh", ["-c", script], options, () => undefined).catch(
    (error: unknown) => error,
  );
  expect((failure as UserError).log).toMatch(/^write: No space left on device\n\.\.\.\n76\n/);
  expect(isFullDisk(failure)).toBe(true);
});

describe("writeWhole", () => {
  test("replaces a file, keeps a link to it and leaves nothing else", async () => {
    writeFileSync(join(folder, "real"), "old");
    symlinkSync(join(folder, "real"), join(folder, "link"));
    await writeWhole(join(folder, "link"), "new");
    expect(readFileSync(join(folder, "real"), "utf8")).toBe("new");
    expect(readdirSync(folder).toSorted()).toEqual(["link", "real"]);
  });

  test("leaves what was there, and nothing else, when it fails", async () => {
    writeFileSync(join(folder, "state"), "old");
    const failing = writeWhole(join(folder, "state"), Symbol("not to be written") as never);
    await expect(failing).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(["state"]);
    expect(readFileSync(join(folder, "state"), "utf8")).toBe("old");
  });
});

test("the data root of Docker is the one of its configuration", () => {
  expect(configuredDataRoot('{"data-root": "/mnt/docker"}')).toBe("/mnt/docker");
  expect(configuredDataRoot('{"mtu": 1400}')).toBeUndefined();
  expect(configuredDataRoot("{")).toBeUndefined();
});

test("a place that does not exist yet is on the disk of its parent", async () => {
  const [there, missing] = await Promise.all([
    spaceOf({ what: "", path: folder }),
    spaceOf({ what: "", path: join(folder, "a", "b") }),
  ]);
  expect(missing.disk).toBe(there.disk);
});

/** Mounts a file system of one MiB, if this user may. */
const mount = (target: string) =>
  execaSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", target], { reject: false });
const canMount = ((): boolean => {
  const target = mkdtempSync(join(tmpdir(), "mount-"));
  const isMounted = mount(target).exitCode === 0;
  if (isMounted) execaSync("umount", [target]);
  rmSync(target, { recursive: true });
  return isMounted;
})();

describe.skipIf(!canMount)("on a disk that is really full", () => {
  const tooMuch = "x".repeat(2 * 2 ** 20);

  beforeEach(() => {
    mount(folder);
  });
  afterEach(() => {
    execaSync("umount", ["--lazy", folder]);
  });

  test("a file stays as it was", async () => {
    const file = join(folder, "Pulumi.dev.yaml");
    await writeWhole(file, "salt");
    const failure = await writeWhole(file, tooMuch).catch((error: unknown) => error);
    expect(isFullDisk(failure)).toBe(true);
    expect(readFileSync(file, "utf8")).toBe("salt");
    expect(readdirSync(folder)).toEqual(["Pulumi.dev.yaml"]);
  });

  test("a half-made folder is neither taken for whole nor in the way", async () => {
    const target = join(folder, "entry");
    const failing = makeWhole(target, (partial) => {
      writeFileSync(join(partial, "first"), "whole");
      writeFileSync(join(partial, "second"), tooMuch);
      return Promise.resolve();
    });
    expect(isFullDisk(await failing.catch((error: unknown) => error))).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
    await makeWhole(target, (partial) => {
      writeFileSync(join(partial, "first"), "whole");
      return Promise.resolve();
    });
    expect(readdirSync(target)).toEqual(["first"]);
  });

  test("a command whose log finds no room fails with its own reason, or does its work", async () => {
    const options = { what: "The build", cure: "", logFile: join(folder, "log") };
    const run = (script: string) => runLogged("sh", ["-c", script], options, () => undefined);
    expect(() => {
      writeFileSync(join(folder, "all"), tooMuch);
    }).toThrow(/ENOSPC/);
    await run("echo done");
    const failure = await run(`head -c 99999 /dev/zero >> ${folder}/all`).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(UserError);
    expect(isFullDisk(failure)).toBe(true);
  });
});
