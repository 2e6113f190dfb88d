import type { FlightData } from "./flight-service.ts";

/**
 * Frames a Flight message as a message of Arrow's IPC stream, in parts: a marker, the length of the
 * metadata, the metadata padded to 8 bytes, the body.
 * @see https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format
 */
export function ipcMessage({ dataHeader, dataBody }: FlightData): Uint8Array[] {
  // A message without metadata carries only what the application adds.
  if (dataHeader === undefined || dataHeader.length === 0) return [];
  const padding = -dataHeader.length & 7;
  const prefix = Buffer.alloc(8);
  prefix.writeInt32LE(-1, 0);
  prefix.writeInt32LE(dataHeader.length + padding, 4);
  return [prefix, dataHeader, Buffer.alloc(padding), dataBody ?? Buffer.alloc(0)];
}

/** Ends an IPC stream. */
export const endOfStream: Uint8Array = Buffer.from([255, 255, 255, 255, 0, 0, 0, 0]);
