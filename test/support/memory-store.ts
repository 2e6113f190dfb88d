import { readFile } from "node:fs/promises";

import type { ObjectStore } from "../../k8s-jobs/replay/object-store.ts";

/** An object store in memory, which counts what is written and fails when told to. */
export class MemoryStore implements ObjectStore {
  readonly buckets = new Map<string, Map<string, Buffer>>();
  /** Keys in the order in which they were written, copies among them. */
  readonly written: string[] = [];
  /** Keys per page of a listing. */
  pageSize = 3;
  /** Called before each write; what it throws is the write's failure. */
  beforeWrite: (key: string) => Promise<void> | void = () => undefined;

  async *list(bucket: string, prefix: string): AsyncGenerator<string> {
    let last: string | undefined;
    for (;;) {
      // Each page is of its own moment, as with a real store.
      const page = this.keys(bucket, prefix)
        .filter((key) => last === undefined || inBytes(last, key) < 0)
        .slice(0, this.pageSize);
      await Promise.resolve();
      yield* page;
      if (page.length < this.pageSize) return;
      last = page.at(-1);
    }
  }

  async put(bucket: string, key: string, text: string): Promise<void> {
    await this.#write(bucket, key, Buffer.from(text));
  }

  async putFile(bucket: string, key: string, path: string): Promise<void> {
    await this.#write(bucket, key, await readFile(path));
  }

  async copy(key: string, from: string, to: string): Promise<void> {
    await this.#write(to, key, this.read(from, key));
  }

  /** The keys of a bucket in the order of their UTF-8 bytes. */
  keys(bucket: string, prefix = ""): string[] {
    return [...(this.buckets.get(bucket)?.keys() ?? [])]
      .filter((key) => key.startsWith(prefix))
      .sort(inBytes);
  }

  read(bucket: string, key: string): Buffer {
    const content = this.buckets.get(bucket)?.get(key);
    if (content === undefined) throw new Error(`there is no ${bucket}/${key}`);
    return content;
  }

  async #write(bucket: string, key: string, content: Buffer): Promise<void> {
    await this.beforeWrite(key);
    const objects = this.buckets.get(bucket) ?? new Map<string, Buffer>();
    this.buckets.set(bucket, objects.set(key, content));
    this.written.push(key);
  }
}

const inBytes = (one: string, other: string): number =>
  Buffer.compare(Buffer.from(one), Buffer.from(other));
