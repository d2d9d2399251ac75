/**
 * Compressed values: some JSON, an array of 32-bit floats and an array of whole numbers ≥ 0, as one zstd frame.
 *
 *     u32 bytes of JSON │ u32 number of floats │ JSON │ floats, byte by byte: all first bytes, all second … │ varints
 *
 * Floats that lie by their bytes compress better: signs and exponents are alike, mantissas are not. zstd's checksum says when a
 * value was damaged.
 */

import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

export interface Packed {
  readonly json: unknown;
  readonly floats: Float32Array;
  readonly integers: readonly number[];
}

const LEVEL = 3;

/** No value comes near: what claims to be larger is damaged. */
const LARGEST = 1 << 28;

export function pack(json: unknown, floats: ArrayLike<number>, integers: readonly number[]): Uint8Array {
  return compress(layOut(json, floats, integers));
}

/** The value before it is compressed: equal ones are equal in every byte. */
export function layOut(json: unknown, floats: ArrayLike<number>, integers: readonly number[]): Uint8Array {
  const text = Buffer.from(JSON.stringify(json));
  const bytes = Buffer.alloc(8 + text.length + floats.length * 4 + integers.length * 8);
  bytes.writeUInt32LE(text.length, 0);
  bytes.writeUInt32LE(floats.length, 4);
  text.copy(bytes, 8);
  let at = 8 + text.length;
  const raw = new Uint8Array(Float32Array.from(floats).buffer);
  for (let byte = 0; byte < 4; byte++) {
    for (let i = byte; i < raw.length; i += 4) bytes[at++] = raw[i]!;
  }
  for (let value of integers) {
    while (value > 127) {
      bytes[at++] = (value % 128) | 128;
      value = Math.floor(value / 128);
    }
    bytes[at++] = value;
  }
  return bytes.subarray(0, at);
}

export function compress(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, {
    params: { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
  });
}

/** @throws whatever zstd or JSON say of a damaged value */
export function unpack(value: Uint8Array): Packed {
  const bytes = zstdDecompressSync(value, { maxOutputLength: LARGEST });
  const textLength = bytes.readUInt32LE(0);
  const count = bytes.readUInt32LE(4);
  let at = 8 + textLength;
  if (at + count * 4 > bytes.length) throw new RangeError("a packed value is too short");
  const json: unknown = JSON.parse(bytes.toString("utf8", 8, at));
  const raw = new Uint8Array(count * 4);
  for (let byte = 0; byte < 4; byte++) {
    for (let i = byte; i < raw.length; i += 4) raw[i] = bytes[at++]!;
  }
  const integers: number[] = [];
  for (let value = 0, scale = 1; at < bytes.length; at++) {
    const byte = bytes[at]!;
    value += (byte & 127) * scale;
    scale *= 128;
    if (byte > 127) continue;
    integers.push(value);
    value = 0;
    scale = 1;
  }
  return { json, floats: new Float32Array(raw.buffer), integers };
}
