import { crc32 } from "node:zlib";

/** The order in which Terraform lists a set of texts: by the decimal text of their checksum. */
export function inSetOrder(items: readonly string[]): string[] {
  return [...new Set(items)].sort((left, right) => {
    const [one, other] = [String(crc32(left)), String(crc32(right))];
    if (one === other) return 0;
    return one < other ? -1 : 1;
  });
}
