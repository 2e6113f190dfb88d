/** The part of an object store that the loader and the copier need. */
export interface ObjectStore {
  /** The keys that begin with the prefix, in the order of their UTF-8 bytes. */
  list(bucket: string, prefix: string): AsyncGenerator<string>;
  /** Writes a text as an object. */
  put(bucket: string, key: string, text: string): Promise<void>;
  /** Writes a file as an object. */
  putFile(bucket: string, key: string, path: string): Promise<void>;
  /** Copies an object to another bucket under the same key; its bytes stay inside of the store. */
  copy(key: string, from: string, to: string): Promise<void>;
}

/** Where the object store is, and as which user to work with it. */
export interface ObjectStoreAccess {
  /** URL without a path. */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
}
