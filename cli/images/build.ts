import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { ensureBase } from "../build/base.ts";
import { copyFiles, hashOf, hashOfFolder } from "../build/content.ts";
import { dockerLogged, imageExists } from "../host/docker.ts";
import { writeWhole } from "../host/files.ts";
import { withLock } from "../host/lock.ts";
import { cacheDir, stateDir } from "../host/paths.ts";
import type { Progress } from "../progress.ts";
import { operatorChart } from "./operator-chart.ts";
import { imageFolder, type ImageName, images } from "./table.ts";

/** References of built images by their names, and the folder of the chart that goes with one. */
export type ImageRefs = Readonly<Record<string, string>>;

const allNames = Object.keys(images) as ImageName[];
/** Where components/config.ts finds the references. */
const refsFile = (): string => join(stateDir, "images.json");

/**
 * Fetches and compiles what goes into images, as far as it is not in the cache. `buildImages` does
 * this too; called before Docker is there, it saves time.
 * @param names - the images wanted; their parents' inputs are fetched as well
 */
export async function fetchInputs(names: readonly ImageName[], progress: Progress): Promise<void> {
  const wanted = new Set(names.flatMap(withParents));
  await Promise.all([
    operatorChart(progress),
    ...[...wanted].map((name) => inputPaths(name, progress)),
  ]);
}

function withParents(name: ImageName): ImageName[] {
  const { from } = images[name];
  return "image" in from ? [name, ...withParents(from.image)] : [name];
}

/**
 * Builds the images whose inputs changed, parents before children, and writes the references of all
 * into .lakehouse/images.json, with the folder of the Spark operator's chart as
 * `spark-operator-chart`. An image is named by a hash over everything that it is made from, so
 * one that the engine already has is not built again. Needs a running Docker engine.
 * @param options.names - the images wanted; their parents are built as well. @default all
 * @throws UserError with the end of the log when a download or a build fails
 */
export async function buildImages(
  { names = allNames }: { names?: readonly ImageName[] },
  progress: Progress,
): Promise<ImageRefs> {
  const started = new Map<ImageName, Promise<string>>();
  const ensure = (name: ImageName): Promise<string> => {
    const build = started.get(name) ?? ensureImage(name, ensure, progress);
    started.set(name, build);
    return build;
  };
  const [chart, ...built] = await Promise.all([
    operatorChart(progress),
    ...names.map(async (name) => [name, await ensure(name)] as const),
  ]);
  const refs = {
    ...(await readRefs()),
    ...Object.fromEntries(built),
    "spark-operator-chart": chart,
  };
  await writeRefs(refs);
  return refs;
}

/** Makes sure that the engine has one image and returns its reference. */
async function ensureImage(
  name: ImageName,
  ensure: (name: ImageName) => Promise<string>,
  progress: Progress,
): Promise<string> {
  const report: Progress = (line) => {
    progress(`${name}: ${line}`);
  };
  const { from } = images[name];
  const [parent, inputs] = await Promise.all([
    "suite" in from ? ensureBase(from.suite, report) : ensure(from.image),
    inputPaths(name, progress),
  ]);
  const ref = await imageRef(name, parent, inputs);
  if (await imageExists(ref)) return ref;
  await withLock(join(cacheDir, "locks", `image-${name}`), async () => {
    if (!(await imageExists(ref))) await build(name, { ref, parent, inputs }, report);
  });
  return ref;
}

/** The inputs of an image: their paths in the build context, and in the cache. */
type InputPaths = Readonly<Record<string, string>>;

async function inputPaths(name: ImageName, progress: Progress): Promise<InputPaths> {
  const inputs = Object.entries(images[name].inputs ?? {});
  const paths = inputs.map(async ([path, input]) => [
    path,
    await input((line) => {
      progress(`${name}: ${line}`);
    }),
  ]);
  return Object.fromEntries(await Promise.all(paths)) as InputPaths;
}

/** The reference of an image, with a hash over what it is made from. */
export async function imageRef(
  name: ImageName,
  parent: string,
  inputs: InputPaths,
): Promise<string> {
  const paths = Object.entries(inputs).map(([path, input]) => [path, relative(cacheDir, input)]);
  const files = await hashOfFolder(imageFolder(name));
  return `localhost/lakehouse/${name}:${hashOf(parent, files, JSON.stringify(paths))}`;
}

async function build(
  name: ImageName,
  { ref, parent, inputs }: { ref: string; parent: string; inputs: InputPaths },
  report: Progress,
): Promise<void> {
  report("gathering files");
  await mkdir(cacheDir, { recursive: true });
  const context = await mkdtemp(join(cacheDir, `context-${name}-`));
  try {
    await copyFiles(imageFolder(name), context);
    for (const [path, input] of Object.entries(inputs)) {
      await copyFiles(input, join(context, path));
    }
    report("building");
    await dockerLogged(
      [
        ...["build", "--progress", "plain", "--file", join(context, "Containerfile")],
        ...["--build-arg", `BASE=${parent}`, "--tag", ref, context],
      ],
      {
        what: `Building the image ${name}`,
        cure: "Check that containers can reach the Debian mirror, and that the disk is not full; then try again.",
        logFile: join(cacheDir, "logs", `image-${name}.log`),
        env: { DOCKER_BUILDKIT: "1" },
      },
      report,
    );
  } finally {
    await rm(context, { recursive: true });
  }
}

async function readRefs(): Promise<ImageRefs> {
  const content = await readFile(refsFile(), "utf8").catch(() => "{}");
  return JSON.parse(content) as ImageRefs;
}

async function writeRefs(refs: ImageRefs): Promise<void> {
  await writeWhole(refsFile(), `${JSON.stringify(refs, null, 2)}\n`);
}
