/** The order of positive numbers, fast: thousands of units are ordered several times each. */

const PLACES = 2 ** 21;

/**
 * Places in `values`, those of the lowest first, of equals the first one first. The bits of positive float32 numbers are ordered as the
 * numbers are; with the place below them they make one float64, and those are sorted natively.
 */
export function ascendingOrder(values: Float32Array): Uint32Array {
  const count = values.length;
  if (count > PLACES) {
    return Uint32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]! || a - b);
  }
  const bits = new Uint32Array(values.buffer, values.byteOffset, count);
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = bits[i]! * PLACES + i;
  keys.sort();
  return Uint32Array.from(keys, (key) => key % PLACES);
}
