/**
 * Writes tensors to a safetensors file that appears whole or not at all.
 *
 * Equal tensors give equal bytes: names are sorted, widest type first so that every tensor is aligned, as the
 * reference implementation does.
 */

import { Failure } from "../errors.ts";
import { writeAtomic } from "./atomic.ts";
import { encodeBfloat16, encodeFloat16 } from "./half.ts";
import { ELEMENT_BYTES, PREFIX_BYTES, quoted, type Dtype } from "./safetensors-header.ts";

/** The type in which the values of an array are stored when nothing else is asked for. */
const NATURAL: readonly [new (length: number) => WritableData, Dtype][] = [
  [Float32Array, "F32"],
  [Float64Array, "F64"],
  [Int32Array, "I32"],
  [BigInt64Array, "I64"],
  [Uint8Array, "U8"],
];

export type WritableData = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

export interface WritableTensor {
  readonly dims: readonly number[];
  readonly data: WritableData;
  /** Stored type of a Float32Array; every other array is stored as what it is. */
  readonly dtype?: "F32" | "F16" | "BF16";
}

/**
 * Replaces `path` by a file of `tensors`, row-major, with `metadata` as its string-to-string notes.
 * @throws Failure when it cannot be written, or a value is too large for float16
 */
export function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, WritableTensor>>,
  metadata?: Readonly<Record<string, string>>,
): void {
  const stored = Object.entries(tensors).map(([name, tensor]) => ({ name, ...encode(path, name, tensor) }));
  stored.sort((a, b) => ELEMENT_BYTES[b.dtype] - ELEMENT_BYTES[a.dtype] || (a.name < b.name ? -1 : 1));

  const header: [string, unknown][] = [];
  if (metadata !== undefined) {
    const notes = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
    header.push(["__metadata__", Object.fromEntries(notes)]);
  }
  let offset = 0;
  for (const { name, dtype, dims, bytes } of stored) {
    header.push([name, { dtype, shape: dims, data_offsets: [offset, offset + bytes.byteLength] }]);
    offset += bytes.byteLength;
  }
  // Not JSON.stringify of one object: that would move names such as "7" to the front.
  const fields = header.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  let json = Buffer.from(`{${fields.join(",")}}`);
  json = Buffer.concat([
    json,
    Buffer.alloc((PREFIX_BYTES - (json.length % PREFIX_BYTES)) % PREFIX_BYTES, " "),
  ]);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeBigUInt64LE(BigInt(json.length));
  writeAtomic(path, prefix, json, ...stored.map(({ bytes }) => bytes));
}

function encode(path: string, name: string, { dims, data, dtype }: WritableTensor) {
  if (name === "__metadata__") throw new Error("a tensor cannot be named __metadata__");
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (data.length !== size) {
    throw new Error(`${name} has ${data.length} values, its shape [${dims.join(", ")}] needs ${size}`);
  }
  const natural = NATURAL.find(([array]) => data instanceof array)![1];
  if (dtype === undefined || dtype === natural) return { dims, dtype: natural, bytes: bytesOf(data) };
  if (!(data instanceof Float32Array))
    throw new Error(`${name} holds ${natural} and cannot be stored as ${dtype}`);
  if (dtype === "BF16") return { dims, dtype, bytes: bytesOf(encodeBfloat16(data)) };
  const halves = encodeFloat16(data);
  const overflow = halves.findIndex((bits, i) => (bits & 0x7fff) === 0x7c00 && Number.isFinite(data[i]));
  if (overflow >= 0) {
    throw new Failure(
      `cannot write ${path}: tensor ${quoted(name)} holds ${data[overflow]}, beyond the ±65504 of float16; save it as float32`,
    );
  }
  return { dims, dtype: "F16" as const, bytes: bytesOf(halves) };
}

function bytesOf(data: WritableData | Uint16Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
