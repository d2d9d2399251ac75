/**
 * Steering: units of an activation set or strengthened while a model runs.
 *
 *     clamp   x′ = x + (value − f_i(x))·d_i      the unit is `value` at every position; 0 takes it away
 *     add     x′ = x + value·d_i
 *
 * Values are values of f: where rows have a scale (units.ts), s(x) stands before each of these multiples of d_i.
 *
 * The rest of x, what the dictionary does not explain included, stays as it was: replacing x by a changed reconstruction would
 * mix the unit's effect with the reconstruction's error. Several interventions add up, and clamps all read f(x) of the unchanged
 * row. Pinning a feature at its maximum (Bricken et al. 2023) is a clamp.
 */

import { UsageError } from "../errors.ts";
import { rowScale, type UnitKind, type Units } from "../features/units.ts";
import type { SparseActivations } from "../sae/forward.ts";

export interface Intervention {
  readonly kind: UnitKind;
  readonly index: number;
  /** clamp: f_i := value at every position. add: x += value·d_i. */
  readonly mode: "clamp" | "add";
  readonly value: number;
}

/**
 * Beyond this a model does not steer any further: LayerNorm squares what it gets, and where the square overflows float32 it gives
 * zeros without a word.
 */
const LARGEST = 1e9;

/** Changes rows [n, d_in] in place. */
export type RowChange = (rows: Float32Array) => Promise<void>;

/**
 * @param units those of the hook point, of every kind that an intervention names
 * @throws UsageError for a unit that is not there, a value that is no number or absurd, or two clamps of one unit
 */
export function intervene(units: readonly Units[], interventions: readonly Intervention[]): RowChange {
  const groups = units.map((group) => new Group(group));
  for (const intervention of interventions) {
    const group = groups.find(({ kind }) => kind === intervention.kind);
    if (!group) throw new UsageError(`there are no ${intervention.kind}s here to intervene on`);
    group.take(intervention);
  }
  return async (rows) => {
    const acting = groups.filter((group) => !group.idle);
    const changes = await Promise.all(acting.map((group) => group.coefficients(rows)));
    acting.forEach((group, i) => group.move(rows, changes[i]!));
  };
}

/** The interventions on units of one kind. */
class Group {
  readonly #units: Units;
  readonly #clamped: { index: number; value: number }[] = [];
  readonly #added: { index: number; value: number }[] = [];

  constructor(units: Units) {
    this.#units = units;
  }

  get kind(): UnitKind {
    return this.#units.kind;
  }

  get idle(): boolean {
    return this.#clamped.length + this.#added.length === 0;
  }

  take({ kind, index, mode, value }: Intervention): void {
    if (!(Number.isInteger(index) && index >= 0 && index < this.#units.count))
      throw new UsageError(`there is no ${kind} ${index}, expected 0 to ${this.#units.count - 1}`);
    if (!(Math.abs(value) <= LARGEST))
      throw new UsageError(`the value for ${kind} ${index} is ${value}, expected a number up to ±${LARGEST}`);
    const clamp = mode === "clamp";
    if (clamp && this.#clamped.some((other) => other.index === index))
      throw new UsageError(`${kind} ${index} is clamped twice: it can have one value`);
    (clamp ? this.#clamped : this.#added).push({ index, value });
  }

  /** How much of each unit's direction is added: by row, clamps then additions. */
  async coefficients(rows: Float32Array): Promise<Float32Array> {
    const { dIn } = this.#units;
    const n = rows.length / dIn;
    if (!Number.isInteger(n)) throw new Error(`${rows.length} values are no rows of ${dIn}`);
    const indices = this.#clamped.map(({ index }) => index);
    const f = indices.length === 0 ? undefined : await activations(this.#units, rows, indices);
    const width = indices.length + this.#added.length;
    const coefficients = new Float32Array(n * width);
    for (let row = 0; row < n; row++) {
      const scale = rowScale(this.#units, rows.subarray(row * dIn, (row + 1) * dIn));
      this.#clamped.forEach(({ value }, i) => {
        coefficients[row * width + i] = scale * (value - f![row * indices.length + i]!);
      });
      this.#added.forEach(({ value }, i) => (coefficients[row * width + indices.length + i] = scale * value));
    }
    return coefficients;
  }

  move(rows: Float32Array, coefficients: Float32Array): void {
    const { dIn } = this.#units;
    const targets = [...this.#clamped, ...this.#added];
    targets.forEach(({ index }, i) => {
      const direction = this.#units.direction(index);
      for (let row = 0; row * dIn < rows.length; row++) {
        const coefficient = coefficients[row * targets.length + i]!;
        if (coefficient === 0) continue;
        for (let k = 0; k < dIn; k++) rows[row * dIn + k]! += coefficient * direction[k]!;
      }
    });
  }
}

/** f of the units `indices` on rows: [n, indices]. */
async function activations(
  units: Units,
  rows: Float32Array,
  indices: readonly number[],
): Promise<Float32Array> {
  return units.chosen?.(rows, indices) ?? pick(await units.encode(rows), indices);
}

function pick({ rowOffsets, indices, values }: SparseActivations, wanted: readonly number[]): Float32Array {
  const n = rowOffsets.length - 1;
  const f = new Float32Array(n * wanted.length);
  const column = new Map(wanted.map((index, i) => [index, i]));
  for (let row = 0; row < n; row++) {
    for (let e = rowOffsets[row]!; e < rowOffsets[row + 1]!; e++) {
      const i = column.get(indices[e]!);
      if (i !== undefined) f[row * wanted.length + i] = values[e]!;
    }
  }
  return f;
}
