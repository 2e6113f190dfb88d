import { join } from "node:path";

import { UserError } from "../errors.ts";
import { docker, dockerLogged } from "../host/docker.ts";
import { cacheDir } from "../host/paths.ts";
import type { Progress } from "../progress.ts";

/**
 * Checks where images are to be pushed to: a registry's host, with a path if it wants one, such as
 * `ghcr.io/acme/lakehouse`. A slash at its end does not count.
 * @throws UserError if Docker would not take it.
 */
export function parseRegistry(text: string): string {
  const registry = text.replace(/\/$/, "");
  // Without a dot, a port or `localhost` Docker takes a host for a user of Docker Hub.
  const host = String.raw`(localhost|[a-z\d-]+(\.[a-z\d-]+)+|[a-z\d-]+(?=:\d))(:\d{1,5})?`;
  const path = String.raw`(\/[a-z\d]+([._-]+[a-z\d]+)*)*`;
  if (new RegExp(`^${host}${path}$`).test(registry)) return registry;
  throw new UserError(`"${text}" is not a registry to push to`, {
    cure: "Give its host and, if need be, a path in small letters, such as `ghcr.io/acme/lakehouse`.",
  });
}

/** What an image is called in a registry: its name and hash stay. */
export function pushedRef(ref: string, registry: string): string {
  return `${registry}/${ref.replace(/^.*\//, "")}`;
}

/**
 * Pushes an image of the local engine and returns its reference in the registry with the digest, by
 * which any cluster pulls exactly this image.
 * @throws UserError with what the registry said.
 */
export async function pushImage(
  ref: string,
  registry: string,
  progress: Progress,
): Promise<string> {
  const target = pushedRef(ref, registry);
  const name = target.replace(/^.*\//, "").replace(/:.*$/, "");
  await docker(["tag", ref, target]);
  try {
    await dockerLogged(
      ["push", target],
      {
        what: `Pushing ${target}`,
        cure: `Check the name, sign in with \`docker login ${registry.replace(/\/.*$/, "")}\`, then try again.`,
        logFile: join(cacheDir, "logs", `push-${name}.log`),
      },
      progress,
    );
    return `${target}@${await digestOf(target)}`;
  } finally {
    // The image keeps its own name; this one would outlive `npm run down -- --purge`.
    await docker(["rmi", target]);
  }
}

/** The digest that the engine noted when it pushed an image. */
async function digestOf(target: string): Promise<string> {
  const format = ["--format", "{{range .RepoDigests}}{{println .}}{{end}}"];
  const digests = await docker(["image", "inspect", ...format, target]);
  const repository = target.replace(/:[^/]*$/, "");
  const found = digests.split("\n").find((line) => line.startsWith(`${repository}@`));
  if (found === undefined) throw new Error(`Docker knows no digest of ${target}`);
  return found.slice(repository.length + 1);
}
