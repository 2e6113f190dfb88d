import { isAbsolute, join } from "node:path";

import Table from "cli-table3";
import type { Command } from "commander";

import { readStackConfig } from "../deployment.ts";
import { claimCache } from "../host/cache.ts";
import { docker, ensureDocker } from "../host/docker.ts";
import { buildImages, type ImageRefs } from "../images/build.ts";
import { parseRegistry, pushImage } from "../images/push.ts";
import { writeNpmSbom, writeSbom } from "../images/sbom.ts";
import { type ImageName, podImages } from "../images/table.ts";
import { jsonOption, stackOption } from "../options.ts";
import { runSteps } from "../steps.ts";

interface ImagesOptions {
  readonly stack: string;
  readonly push?: string;
  readonly sbom?: string;
  readonly json: boolean;
}

/** What is told of an image. */
interface ImageReport {
  readonly name: ImageName;
  /** In the local engine. */
  readonly reference: string;
  /** Bytes, layers that it shares with others included. */
  readonly size: number;
  /** In the registry that it was pushed to, with its digest. */
  readonly pushed?: string;
  /** Path of the list of what is in it. */
  readonly sbom?: string;
}

/** `npm run images`: builds the images of a stack, and hands them on. */
export function register(program: Command): void {
  program
    .command("images")
    .description("build the images; push them to a registry, list what is in them")
    .addOption(stackOption())
    .option("--push <registry>", "push each to this registry, such as ghcr.io/acme/lakehouse")
    .option("--sbom <folder>", "write what is in each there, as CycloneDX JSON")
    .addOption(jsonOption())
    .action(async (options: ImagesOptions) => {
      const reports = await makeImages(options);
      process.stdout.write(
        options.json
          ? `${JSON.stringify(reports)}\n`
          : `${describe(reports)}\n${references(options.stack, reports)}`,
      );
    });
}

async function makeImages({ stack, push, sbom }: ImagesOptions): Promise<ImageReport[]> {
  // A wrong name is said at once, not after the images are built.
  const registry = push === undefined ? undefined : parseRegistry(push);
  const folder = sbom === undefined ? undefined : fromCaller(sbom);
  const names = podImages(await readStackConfig(stack));
  const pushed = new Map<ImageName, string>();
  const sboms = new Map<ImageName, string>();
  let refs: ImageRefs = {};
  await runSteps([
    { title: "Cache", run: claimCache },
    { title: "Docker Engine", run: ensureDocker },
    {
      title: "Images",
      run: async (progress) => {
        refs = await buildImages({ names }, progress);
      },
    },
    ...names.map((name) => ({
      title: `Pushing ${name}`,
      skip: registry === undefined,
      run: async (progress: (line: string) => void) => {
        pushed.set(name, await pushImage(refs[name] ?? "", registry ?? "", progress));
      },
    })),
    ...names.map((name) => ({
      title: `What is in ${name}`,
      skip: folder === undefined,
      run: async (progress: (line: string) => void) => {
        sboms.set(name, await writeSbom(name, refs[name] ?? "", folder ?? "", progress));
      },
    })),
    {
      title: "What the Node programs are made of",
      skip: folder === undefined,
      run: () => writeNpmSbom(folder ?? ""),
    },
  ]);
  return Promise.all(
    names.map(async (name) => {
      const reference = refs[name] ?? "";
      const size = Number(await docker(["image", "inspect", "--format", "{{.Size}}", reference]));
      const inRegistry = pushed.get(name);
      const list = sboms.get(name);
      return {
        ...{ name, reference, size },
        ...(inRegistry !== undefined && { pushed: inRegistry }),
        ...(list !== undefined && { sbom: list }),
      };
    }),
  );
}

/** A path as the user means it, who may be in another folder than the repository's. */
function fromCaller(path: string): string {
  return isAbsolute(path)
    ? path
    : join(process.env["LAKEHOUSE_CALLER_DIRECTORY"] ?? process.cwd(), path);
}

/** What lets a cluster pull the images that were pushed; empty if none were. */
export function references(
  stack: string,
  reports: readonly Pick<ImageReport, "name" | "pushed">[],
): string {
  const lines = reports.flatMap(({ name, pushed }) =>
    pushed === undefined ? [] : [`    ${name}: ${pushed}\n`],
  );
  if (lines.length === 0) return "";
  const head = `For a cluster to pull them, under config in Pulumi.${stack}.yaml:\n`;
  return `\n${head}  lakehouse:imageReferences:\n${lines.join("")}`;
}

function describe(reports: readonly ImageReport[]): string {
  const table = new Table({ head: ["image", "MB", "reference"], style: { head: [], border: [] } });
  table.push(
    ...reports.map(({ name, size, reference, pushed }) => [
      name,
      { content: String(Math.round(size / 1e6)), hAlign: "right" as const },
      pushed ?? reference,
    ]),
  );
  return table.toString();
}
