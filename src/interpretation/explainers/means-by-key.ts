/**
 * A number for some of many keys, as two arrays: explanations of thousands of units are in memory together, and a Map takes several times as
 * much.
 */

export class MeansByKey {
  readonly #keys: Int32Array;
  readonly #values: Float64Array;

  /** @param keys ascending, none twice; neither array is copied */
  constructor(keys: Int32Array, values: Float64Array) {
    this.#keys = keys;
    this.#values = values;
  }

  get(key: number): number | undefined {
    const keys = this.#keys;
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return keys[low] === key ? this.#values[low] : undefined;
  }
}
