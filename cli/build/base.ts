import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureDebianPackages } from "../host/apt.ts";
import { capture, runLogged } from "../host/command.ts";
import { docker, dockerLogged, imageExists, pullImage } from "../host/docker.ts";
import { withLock } from "../host/lock.ts";
import { cacheDir } from "../host/paths.ts";
import type { Progress } from "../progress.ts";
import { registryReachable } from "./registry.ts";

export type DebianSuite = "bookworm" | "trixie";

/** Where Debian packages come from, here and inside the images built upon the base. */
export interface DebianMirror {
  readonly archive: string;
  readonly security: string;
}

const publicMirror: DebianMirror = {
  archive: "http://deb.debian.org/debian",
  security: "http://deb.debian.org/debian-security",
};

const running = new Map<DebianSuite, Promise<string>>();

/**
 * Returns the reference of a small Debian image (essential packages, apt and CA certificates) with a
 * working apt. It is Docker Hub's debian image where that can be pulled, else made with mmdebstrap
 * from the Debian mirror that this machine uses. Needs a running Docker engine.
 */
export function ensureBase(suite: DebianSuite, progress: Progress): Promise<string> {
  const started = running.get(suite) ?? makeBase(suite, progress);
  running.set(suite, started);
  return started;
}

async function makeBase(suite: DebianSuite, progress: Progress): Promise<string> {
  const mirror = await hostMirror();
  const ref = `localhost/lakehouse/base:${suite}-${baseHash(suite, mirror)}`;
  return withLock(join(cacheDir, "locks", `base-${suite}`), async () => {
    if (await imageExists(ref)) return ref;
    const pulled = (await registryReachable()) && (await fromRegistry(suite, ref, progress));
    if (!pulled) await fromPackages(suite, mirror, ref, progress);
    return ref;
  });
}

/** Names the image by what it is made from; upstream's image is taken for the same thing. */
function baseHash(suite: DebianSuite, mirror: DebianMirror): string {
  const inputs = JSON.stringify([suite, mirror, bootstrapOptions]);
  return createHash("sha256").update(inputs).digest("hex").slice(0, 12);
}

async function fromRegistry(suite: DebianSuite, ref: string, progress: Progress): Promise<boolean> {
  const upstream = `docker.io/library/debian:${suite}-slim`;
  progress(`pulling ${upstream}`);
  if (!(await pullImage(upstream, { timeout: 5 * 60_000 }))) return false;
  const recipe = [
    `FROM ${upstream}`,
    "RUN apt-get update \\",
    "    && apt-get install -y --no-install-recommends ca-certificates \\",
    "    && rm -rf /var/lib/apt/lists/*",
    "",
  ].join("\n");
  await dockerLogged(
    ["build", "--tag", ref, "-"],
    {
      input: recipe,
      what: `Building the ${suite} base image`,
      cure: "Check that containers can reach the Debian mirror, then try again.",
      logFile: join(cacheDir, "logs", `base-${suite}.log`),
    },
    progress,
  );
  return true;
}

async function fromPackages(
  suite: DebianSuite,
  mirror: DebianMirror,
  ref: string,
  progress: Progress,
): Promise<void> {
  await ensureDebianPackages(["mmdebstrap", "debian-archive-keyring"], progress);
  const archive = join(cacheDir, `base-${suite}.tar`);
  await mkdir(cacheDir, { recursive: true });
  try {
    await runLogged(
      "mmdebstrap",
      [...bootstrapOptions, suite, archive, ...aptSources(suite, mirror)],
      {
        what: `Making the ${suite} base image with mmdebstrap`,
        cure: `Check that ${mirror.archive} can be reached, then try again.`,
        logFile: join(cacheDir, "logs", `base-${suite}.log`),
      },
      progress,
    );
    progress("importing the base image");
    await docker(["import", "--change", 'CMD ["bash"]', archive, ref]);
  } finally {
    await rm(archive, { force: true });
  }
}

/** What Docker Hub's `slim` images leave out as well: documentation, translations, services. */
const bootstrapOptions = [
  "--variant=minbase",
  "--include=ca-certificates",
  '--aptopt=Acquire::Languages "none"',
  "--dpkgopt=path-exclude=/usr/share/man/*",
  "--dpkgopt=path-exclude=/usr/share/locale/*",
  "--dpkgopt=path-exclude=/usr/share/doc/*",
  "--dpkgopt=path-include=/usr/share/doc/*/copyright",
  // Packages installed in an image build must not start their services.
  `--customize-hook=printf '#!/bin/sh\\nexit 101\\n' >"$1/usr/sbin/policy-rc.d"`,
  '--customize-hook=chmod 755 "$1/usr/sbin/policy-rc.d"',
];

/** Lines of a sources.list for a suite with its updates. */
export function aptSources(suite: DebianSuite, mirror: DebianMirror): string[] {
  return [
    `deb ${mirror.archive} ${suite} main`,
    `deb ${mirror.archive} ${suite}-updates main`,
    `deb ${mirror.security} ${suite}-security main`,
  ];
}

async function hostMirror(): Promise<DebianMirror> {
  const format = "$(ORIGIN) $(LABEL) $(REPO_URI)";
  const targets = await capture("apt-get", [
    "indextargets",
    "--format",
    format,
    "Created-By: Packages",
  ]).catch(() => "");
  return debianMirror(targets);
}

/**
 * The Debian mirror that this machine's apt uses, or the public one on anything but Debian.
 * @param targets - lines of "origin label URI" from `apt-get indextargets`
 */
export function debianMirror(targets: string): DebianMirror {
  const find = (label: string): string | undefined =>
    targets
      .split("\n")
      .find((line) => line.startsWith(`Debian ${label} http`))
      ?.split(" ")[2]
      ?.replace(/\/$/, "");
  return {
    archive: find("Debian") ?? publicMirror.archive,
    security: find("Debian-Security") ?? publicMirror.security,
  };
}
