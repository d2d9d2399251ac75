/**
 * The two 16-bit float formats of model files, to and from float32.
 *
 * float16: 1 sign, 5 exponent, 10 fraction bits (IEEE 754 binary16). bfloat16: the upper half of a float32.
 * Both directions round to the nearest value, ties to even, as PyTorch does; a file written here and there agrees
 * bit for bit.
 */

/** Writes the float32 values of `halves` (float16 bits) into `into`, which has the same length. */
export function decodeFloat16(halves: Uint16Array, into: Float32Array): void {
  const source = new Float16Array(halves.buffer, halves.byteOffset, halves.length);
  for (let i = 0; i < source.length; i++) into[i] = source[i]!;
}

/** Writes the float32 values of `halves` (bfloat16 bits) into `into`, which has the same length. */
export function decodeBfloat16(halves: Uint16Array, into: Float32Array): void {
  const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
}

/** The nearest float16 of each value, as bits. A finite value beyond ±65504 becomes infinite: the caller checks. */
export function encodeFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = new Float16Array(values.length);
  for (let i = 0; i < values.length; i++) halves[i] = values[i]!;
  return new Uint16Array(halves.buffer);
}

/** The nearest bfloat16 of each value, as bits; a NaN stays a NaN. */
export function encodeBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const word = bits[i]!;
    const isNaN = (word & 0x7fffffff) > 0x7f800000;
    halves[i] = isNaN ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return halves;
}
