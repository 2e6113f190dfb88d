import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  builtImages,
  imageFolder,
  type ImageName,
  images,
  podImages,
} from "../../../../cli/images/table.ts";

const read = (name: ImageName, file: string): string =>
  readFileSync(join(imageFolder(name), file), "utf8");

const names = Object.keys(images) as ImageName[];

describe.each(names)("the image %s", (name) => {
  const containerfile = read(name, "Containerfile");

  it("builds upon the base that it is given", () => {
    expect(containerfile).toContain("ARG BASE\nFROM ${BASE}\n");
  });

  it("has a title", () => {
    expect(containerfile).toContain(`org.opencontainers.image.title="${name}"`);
  });

  it("runs as a numbered user, its own or its parent's, and never as root", () => {
    const users = [...containerfile.matchAll(/^USER (.*)$/gm)].map(([, user]) => user);
    const { from } = images[name];
    // Root, while files are added, only where the parent has taken its rights away.
    const again = containerfile.includes("RUN ") ? ["0:0", "185:185"] : [];
    const expected = "image" in from ? again : [name === "spark" ? "185:185" : "10001:10001"];
    expect(users).toEqual(expected);
  });

  it("copies every input and nothing that is not there", () => {
    const copied = [...containerfile.matchAll(/^COPY (\S+) /gm)].map(([, path]) => path ?? "");
    for (const input of Object.keys(images[name].inputs ?? {})) {
      expect(
        copied.some(
          (path) =>
            input === path || `${input}/`.startsWith(`${path}/`) || path.startsWith(`${input}/`),
        ),
      ).toBe(true);
    }
  });

  it("leaves no package lists behind", () => {
    const installs = [...containerfile.matchAll(/apt-get install/g)].length;
    const cleanups = [...containerfile.matchAll(/rm -rf \/var\/lib\/apt\/lists\/\*/g)].length;
    expect(cleanups).toBe(installs);
  });
});

describe("the images of a stack", () => {
  it("are not the parents of others, nor those of components that it does not have", () => {
    expect(podImages({})).toContain("streaming");
    expect(podImages({})).not.toContain("spark");
    expect(podImages({ "lakehouse:airflow": false })).not.toContain("airflow");
    expect(podImages({ "lakehouse:airflow": true })).toContain("airflow");
    expect(podImages({ "lakehouse:airflow": "true" })).toContain("airflow");
  });
});

describe("the images that are built for a stack", () => {
  it("are all of its pods', unless it says otherwise", () => {
    expect(builtImages({})).toEqual(podImages({}));
    expect(builtImages({ "lakehouse:images": "built", "lakehouse:imageReferences": {} })).toEqual(
      podImages({}),
    );
  });

  it("are not the projects' own, nor those that the stack names", () => {
    const left = builtImages({
      "lakehouse:images": "upstream",
      "lakehouse:imageReferences": { apps: "ghcr.io/acme/lakehouse/apps:0123" },
    });
    const others = ["kafka", "nessie", "postgres", "valkey", "apps"];
    expect(left).toEqual(podImages({}).filter((name) => !others.includes(name)));
    expect(left).toContain("minio");
  });
});

describe("version labels", () => {
  const label = (name: ImageName): string | undefined =>
    /image\.version="([^"]*)"/.exec(read(name, "Containerfile"))?.[1];

  it.each([
    ["kafka", "pom.xml", /kafka_2\.13<\/artifactId>\s*<version>(.*?)</],
    ["kafka-connect", "pom.xml", /<kafka\.version>(.*?)</],
    ["nessie", "pom.xml", /nessie-quarkus<\/artifactId>\s*<version>(.*?)</],
    ["airflow", "requirements.txt", /^apache-airflow==(.*)$/m],
    ["spark", "requirements.txt", /^pyspark==(.*)$/m],
    ["spark", "pom.xml", /<spark\.version>(.*?)</],
    ["minio", "go.mod", /github\.com\/minio\/minio v(\S+)/],
    ["spark-operator", "go.mod", /github\.com\/kubeflow\/spark-operator\/v2 v(\S+)/],
  ] as const)("%s: the label is what %s pins", (name, file, version) => {
    expect(label(name)).toBe(version.exec(read(name, file))?.[1]);
  });

  it("a Connect worker and the brokers are of one version", () => {
    expect(label("kafka-connect")).toBe(label("kafka"));
  });
});

describe("podImages", () => {
  it("leaves out mere parents, and what the stack's config does not ask for", () => {
    const optional = ["kafka-connect", "cdc", "airflow", "notebook"];
    const always = names.filter((name) => name !== "spark" && !optional.includes(name));
    expect(podImages({})).toEqual(always);
    expect(podImages({ "lakehouse:notebook": false })).toEqual(always);
    expect(podImages({ "lakehouse:notebook": true })).toEqual([...always, "notebook"]);
    expect(podImages({ "lakehouse:notebook": "true" })).toEqual([...always, "notebook"]);
    expect(podImages({ "lakehouse:cdc": true })).toEqual(
      names.filter((name) => always.includes(name) || name === "cdc" || name === "kafka-connect"),
    );
  });
});
