/**
 * 64-bit and unsigned numbers as 32-bit integers of the same bits, and back: tensor files of checkpoints give back float32 and
 * int32 only, and a sum that lost half its digits on the way would make a resumed analysis differ from an undisturbed one.
 */

import type { WritableTensor } from "../../files/safetensors-write.ts";

type Numbers = Float64Array | Float32Array | Uint32Array | Uint16Array | Uint8Array | Int32Array;

/** The bits of `data`, whose bytes are a multiple of four, as a tensor. No copy is made. */
export function bitsOf(data: Numbers): WritableTensor {
  const ints = new Int32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  return { dims: [ints.length], data: ints };
}

/** Sets `into` from a tensor that `bitsOf` made of an array of the same type and length. */
export function setBits(
  into: Numbers,
  tensor: { readonly data: Float32Array | Int32Array } | undefined,
): void {
  if (tensor === undefined || tensor.data.byteLength !== into.byteLength) {
    throw new Error(`${tensor?.data.length ?? "no"} integers are not the bits of ${into.length} numbers`);
  }
  const { data } = tensor;
  new Int32Array(into.buffer, into.byteOffset, data.length).set(data as Int32Array);
}
