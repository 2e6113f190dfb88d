import { type Data, DataType, DateUnit, TimeUnit, Vector } from "apache-arrow";

/** What a column holds, as JSON can hold it. */
export type Value = string | number | boolean | null | Value[] | { [name: string]: Value };

/** Reads the value at a position of a column. */
export type Reader = (index: number) => Value;

/** The reader of a column's chunk; what to do is decided once, not for every value. */
export function readerOf(data: Data): Reader {
  const read = readerOfValid(data);
  return data.nullCount === 0 ? read : (index) => (data.getValid(index) ? read(index) : null);
}

function readerOfValid(data: Data): Reader {
  const { type } = data;
  if (DataType.isDecimal(type)) {
    const values = data.values as Uint32Array;
    const width = type.bitWidth / 32;
    return (index) =>
      decimalText(integerOf(values.subarray(index * width, (index + 1) * width)), type.scale);
  }
  if (DataType.isTimestamp(type)) {
    const values = data.values as BigInt64Array;
    return (index) => isoTime(values[index] ?? 0n, perSecond[type.unit]);
  }
  if (DataType.isTime(type)) {
    const values = data.values as BigInt64Array | Int32Array;
    return (index) => isoTime(BigInt(values[index] ?? 0), perSecond[type.unit]).slice(11, -1);
  }
  if (DataType.isDate(type)) {
    const values = data.values as BigInt64Array | Int32Array;
    const perDay = type.unit === DateUnit.DAY ? 1 : 86_400_000;
    return (index) => isoTime(BigInt(Number(values[index]) / perDay) * 86_400n, 1n).slice(0, -14);
  }
  if (DataType.isDictionary(type)) {
    const words = (data.dictionary?.data ?? []).flatMap((chunk) => valuesOf(chunk as Data));
    const indices = data.values as ArrayLike<number | bigint>;
    return (index) => words[Number(indices[index])] ?? null;
  }
  return nestedReader(data) ?? plainReader(data);
}

/** The reader of lists, structs and maps; undefined for other types. */
function nestedReader(data: Data): Reader | undefined {
  const { type, children } = data;
  const [child] = children;
  if (child !== undefined && DataType.isFixedSizeList(type)) {
    const read = readerOf(child);
    return (index) => span(index * type.listSize, (index + 1) * type.listSize).map(read);
  }
  if (DataType.isStruct(type)) {
    const fields = children.map(
      (field, index) => [type.children[index]?.name ?? "", readerOf(field)] as const,
    );
    return (index) => Object.fromEntries(fields.map(([name, read]) => [name, read(index)]));
  }
  const offsets = data.valueOffsets as Int32Array;
  const positions = (index: number) => span(offsets[index] ?? 0, offsets[index + 1] ?? 0);
  if (child !== undefined && DataType.isList(type)) {
    const read = readerOf(child);
    return (index) => positions(index).map(read);
  }
  const [keys, values] = child?.children ?? [];
  if (keys !== undefined && values !== undefined && DataType.isMap(type)) {
    const [key, value] = [readerOf(keys), readerOf(values)];
    return (index) =>
      Object.fromEntries(positions(index).map((at) => [nameOf(key(at)), value(at)]));
  }
  return undefined;
}

const nameOf = (key: Value): string => (typeof key === "string" ? key : JSON.stringify(key));

/** The reader of everything that apache-arrow itself gives without loss. */
function plainReader(data: Data): Reader {
  const vector = new Vector([data]);
  return (index) => plainValue(vector.get(index));
}

function plainValue(value: unknown): Value {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
      return value;
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    default:
      if (value === null || value === undefined) return null;
      // Bytes; what else there is, such as intervals, is read by few and stays recognisable.
      return value instanceof Uint8Array
        ? Buffer.from(value).toString("base64")
        : JSON.stringify(value);
  }
}

/** Every value of a column's chunk. */
function valuesOf(data: Data): Value[] {
  return span(0, data.length).map(readerOf(data));
}

const span = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** Arrow's wide integers are 32-bit words, the lowest first, in two's complement. */
function integerOf(words: Uint32Array): bigint {
  const unsigned = words.reduceRight((value, word) => (value << 32n) | BigInt(word), 0n);
  return BigInt.asIntN(words.length * 32, unsigned);
}

function decimalText(unscaled: bigint, scale: number): string {
  if (scale <= 0) return String(unscaled * 10n ** BigInt(-scale));
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** How many of a unit make a second. */
const perSecond: Readonly<Record<TimeUnit, bigint>> = {
  [TimeUnit.SECOND]: 1n,
  [TimeUnit.MILLISECOND]: 1_000n,
  [TimeUnit.MICROSECOND]: 1_000_000n,
  [TimeUnit.NANOSECOND]: 1_000_000_000n,
};

/** The time in UTC with milliseconds, and with more digits where there is more. */
function isoTime(count: bigint, unitsPerSecond: bigint): string {
  const fraction = ((count % unitsPerSecond) + unitsPerSecond) % unitsPerSecond;
  const date = new Date(Number((count - fraction) / unitsPerSecond) * 1000);
  const digits = String(unitsPerSecond + fraction)
    .slice(1)
    .padEnd(3, "0");
  const needed = Math.max(3, digits.replace(/0+$/, "").length);
  return date.toISOString().replace(/\d{3}Z$/, `${digits.slice(0, needed)}Z`);
}
