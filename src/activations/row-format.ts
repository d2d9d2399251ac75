/** How a cached activation is written: little-endian float32, bfloat16 or float16, [rows, d_in] without a header. */

import { Failure } from "../errors.ts";
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from "../files/half.ts";

export const ROW_DTYPES = ["f32", "bf16", "f16"] as const;
export type RowDtype = (typeof ROW_DTYPES)[number];

export function bytesPerValue(dtype: RowDtype): number {
  return dtype === "f32" ? 4 : 2;
}

/**
 * The bytes of `rows`; for f32 a view, not a copy.
 * @throws Failure when a finite value is too large for f16
 */
export function encodeRows(rows: Float32Array, dtype: RowDtype): Uint8Array {
  if (dtype === "f32") return bytesOf(rows);
  if (dtype === "bf16") return bytesOf(encodeBfloat16(rows));
  const halves = encodeFloat16(rows);
  for (let i = 0; i < halves.length; i++) {
    if ((halves[i]! & 0x7fff) !== 0x7c00 || !Number.isFinite(rows[i]!)) continue;
    throw new Failure(
      `an activation of ${rows[i]!.toPrecision(4)} is beyond what f16 can hold (65,504): use --cache-dtype bf16 or f32`,
    );
  }
  return bytesOf(halves);
}

/** Writes the values that `bytes` stand for into `into`, one after the other. */
export function decodeRows(bytes: Uint8Array, dtype: RowDtype, into: Float32Array): void {
  if (dtype === "f32") return bytesOf(into).set(bytes);
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  if (dtype === "bf16") decodeBfloat16(halves, into);
  else decodeFloat16(halves, into);
}

export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
