/**
 * A text as experiments have it: what the model makes of it up to the hook point, changes to that, and its rows. Programs
 * take texts of their own lengths, so arrays are padded on the way in and cut on the way out.
 */

import type { Carry, CutModel } from "./cut.ts";
import type { RunArrays } from "./resident-programs.ts";
import type { Row } from "./row-runs.ts";

/** A text, and what the model makes of it up to the hook point. */
export interface Reading {
  readonly tokens: Int32Array;
  /** [n, d_in] */
  readonly activation: Float32Array;
  readonly carry: Carry;
}

export interface Edit {
  readonly reading: Reading;
  /** Tokens at which the activation changes, ascending, and what it becomes there [positions, d_in]. */
  readonly positions: ArrayLike<number>;
  readonly rows: Float32Array;
  /** Predictions to compute: those behind these tokens. All that the edit reaches unless given. */
  readonly only?: readonly number[];
}

/** Rows of one text, by position. */
export type RowAt = (position: number) => Row;

export function rowsOf(tokens: number, activation: Float32Array, carry: Carry): RowAt {
  const row = (all: Float32Array, position: number) => {
    const width = all.length / tokens;
    return all.subarray(position * width, (position + 1) * width);
  };
  return (position) => ({ activation: row(activation, position), carry: carry && row(carry, position) });
}

/** wte[token] + wpe[position] for each token, and 0 behind them. */
export function embed(
  { config: { dModel }, weights }: CutModel,
  tokens: Int32Array,
  stream: Float32Array,
): void {
  const wte = weights["wte.weight"]!;
  const wpe = weights["wpe.weight"]!;
  tokens.forEach((token, position) => {
    const [from, to] = [token * dModel, position * dModel];
    for (let d = 0; d < dModel; d++) stream[to + d] = wte[from + d]! + wpe[to + d]!;
  });
  stream.fill(0, tokens.length * dModel);
}

export function pad(into: Float32Array, values: Float32Array): void {
  into.set(values);
  into.fill(0, values.length);
}

/** A copy of the rows that are no padding: `share` of all. */
export function taken(
  { activation, carry }: RunArrays["outputs"],
  share: number,
): { activation: Float32Array; carry: Carry } {
  return {
    activation: activation!.slice(0, Math.round(activation!.length * share)),
    carry: carry?.slice(0, Math.round(carry.length * share)),
  };
}

/** The reading with the edit made. */
export function edited({ reading, positions, rows }: Edit, dIn: number): Reading {
  const activation = reading.activation.slice();
  Array.from(positions).forEach((position, i) =>
    activation.set(rows.subarray(i * dIn, (i + 1) * dIn), position * dIn),
  );
  return { ...reading, activation };
}
