import { expect, test } from "vitest";
import type { Space } from "../../../../cli/host/disk.ts";
import {
  desktopHost,
  findProblem,
  isDebianFamily,
  type Machine,
} from "../../../../cli/host/preflight.ts";

const gibibyte = 2 ** 30;
/** A place on a disk of a number with so many GiB free. */
function space(path: string, free: number, disk: number): Space {
  return { what: "files", path, free: free * gibibyte, disk };
}

const good: Machine = {
  isRoot: true,
  hasDocker: false,
  osRelease: 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
  memory: 8 * gibibyte,
  spaces: { cache: space("/cache", 40, 1), docker: space("/var/lib/docker", 40, 1) },
  stage: "a first build",
};

test.each<[string, Partial<Machine>]>([
  ["a bare Debian machine with root", {}],
  ["any system with a running Docker", { hasDocker: true, isRoot: false, osRelease: "ID=arch\n" }],
  ["a machine sold as 6 GiB", { memory: 5.7 * gibibyte }],
  ["a Docker Desktop with enough memory", { hasDocker: true, dockerMemory: 7.7 * gibibyte }],
  ["root in WSL, who can install an engine", { host: "WSL" }],
  [
    "little disk space once the caches are filled",
    { spaces: { cache: space("/", 6, 1), docker: space("/", 6, 1) }, stage: "another run" },
  ],
  [
    "two disks of which each has room for its part",
    { spaces: { cache: space("/a", 16, 1), docker: space("/b", 8, 2) } },
  ],
  [
    "an engine on another machine's disk",
    { spaces: { cache: space("/a", 16, 1), docker: undefined } },
  ],
])("%s will do", (_name, change) => {
  expect(findProblem({ ...good, ...change })).toBeUndefined();
});

test.each<[Partial<Machine>, RegExp, RegExp]>([
  [{ isRoot: false }, /installing one needs root/, /sudo -E npm run up/],
  [
    { osRelease: 'ID="fedora"\nPRETTY_NAME="Fedora 43"\n' },
    /Fedora 43 is neither Debian/,
    /Install and start Docker/,
  ],
  [{ host: "macOS", osRelease: "" }, /No Docker engine answers/, /Docker Desktop.*colima/],
  [{ host: "WSL", isRoot: false }, /in this WSL distribution/, /WSL integration/],
  [
    { hasDocker: true, dockerMemory: 3.8 * gibibyte },
    /Docker has 3\.8 GiB of memory, the platform needs 6\.0 GiB/,
    /Settings, Resources, Memory.*colima.*wslconfig/,
  ],
  [{ osRelease: "" }, /This system is neither Debian/, /Install and start Docker/],
  [{ memory: 4 * gibibyte }, /has 4\.0 GiB of memory, the platform needs 6\.0 GiB/, /more memory/],
  [
    { spaces: { cache: space("/a", 23.9, 1), docker: space("/b", 23.9, 1) } },
    /A disk has 23\.9 GiB free, a first build needs 24\.0 GiB: 16\.0 GiB for files in \/a, 8\.0 GiB for files in \/b/,
    /LAKEHOUSE_CACHE/,
  ],
  [
    { spaces: { cache: space("/a", 40, 1), docker: space("/b", 7, 2) } },
    /A disk has 7\.0 GiB free, a first build needs 8\.0 GiB: 8\.0 GiB for files in \/b/,
    /data-root/,
  ],
  [
    { spaces: { cache: space("/", 8, 1), docker: space("/", 8, 1) }, stage: "a new cluster" },
    /a new cluster needs 9\.0 GiB/,
    /Free some space/,
  ],
  [
    { spaces: { cache: space("/", 4, 1), docker: space("/", 4, 1) }, stage: "another run" },
    /another run needs 5\.0 GiB/,
    /Free some space/,
  ],
])("%j is refused with its cure", (change, what, cure) => {
  const problem = findProblem({ ...good, ...change });
  expect(problem?.message).toMatch(what);
  expect(problem?.cure).toMatch(cure);
});

test.each([
  ["darwin", "24.6.0", "macOS"],
  ["linux", "6.6.87.2-microsoft-standard-WSL2", "WSL"],
  ["linux", "6.18.0-amd64", undefined],
] as const)("desktopHost(%s, %s) is %s", (platform, kernel, answer) => {
  expect(desktopHost(platform, kernel)).toBe(answer);
});

test.each([
  ["ID=debian\n", true],
  ["ID=ubuntu\nID_LIKE=debian\n", true],
  ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', true],
  ["ID=fedora\n", false],
  ["VERSION_ID=12\n", false],
])("isDebianFamily(%j) is %s", (osRelease, answer) => {
  expect(isDebianFamily(osRelease)).toBe(answer);
});
