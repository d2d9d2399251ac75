/**
 * A number for some of many keys, as two arrays: explanations of thousands of units are in memory together, and a Map takes several times as
 * much.
 */

import { firstAtLeast } from "../../features/first-at-least.ts";

export class MeansByKey {
  readonly #keys: Int32Array;
  readonly #values: Float64Array;

  /** @param keys ascending, none twice; neither array is copied */
  constructor(keys: Int32Array, values: Float64Array) {
    this.#keys = keys;
    this.#values = values;
  }

  get(key: number): number | undefined {
    const at = firstAtLeast(this.#keys, key);
    return this.#keys[at] === key ? this.#values[at] : undefined;
  }
}
