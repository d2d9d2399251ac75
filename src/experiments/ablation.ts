/**
 * Feature ablation (Bricken et al. 2023): a unit's contribution is taken away at every token of a context,
 *
 *     x_j ← x_j − f_i(x_j) d_i        for all tokens j; with s(x_j) before f_i where rows have a scale (units.ts)
 *
 * the forward pass is finished, and what became of each prediction is recorded. It starts from x and not from x̂: what the
 * dictionary does not explain stays in, so the effect is the unit's alone.
 */

import { rowScale, type Units } from "../features/units.ts";
import type { LiveModel } from "../model/live-model.ts";
import type { Edit, Reading } from "../model/reading.ts";
import type { RowDifference, TokenProbabilities } from "../model/row-runs.ts";
import type { SparseActivations } from "../sae/forward.ts";

/** Element t belongs to token t of the context. */
export interface TokenAblation {
  /** f_i. */
  readonly activations: Float32Array;
  /** Loss of predicting the token with the unit taken away, minus without: positive where the unit helps. Nats; element 0 is 0. */
  readonly lossChange: Float32Array;
  /** Next tokens after this one that become less likely without the unit, and more likely; empty where nothing moved. */
  readonly lowered: readonly (readonly TokenProbabilities[])[];
  readonly raised: readonly (readonly TokenProbabilities[])[];
}

export interface AblationOptions {
  /** Next tokens to list each way at each position, at most MOST_CHANGES. */
  readonly top: number;
}

/** Takes `unit` away from one text. */
export async function ablate(
  live: LiveModel,
  units: Units,
  tokens: Int32Array,
  unit: number,
  { top }: AblationOptions,
): Promise<TokenAblation> {
  const reading = await live.read(tokens);
  const { positions, values } = activeAt(await units.encode(reading.activation), unit);
  const edit = withoutUnit(units, reading, { unit, positions, values });
  const [differences] = await live.differences([edit], top);
  return ablationOf(tokens.length, positions, values, differences!);
}

/** A unit to take away from a context: what an analysis has stored of it there. */
export interface AblationRequest {
  readonly tokens: Int32Array;
  readonly unit: number;
  /** Every position at which the unit is active, ascending, and f_i there. */
  readonly positions: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

export interface AblationBatchOptions extends AblationOptions {
  readonly signal?: AbortSignal;
  /** Called with the number of requests done. */
  readonly onProgress?: (done: number) => void;
}

/** Contexts read at once: enough to keep every worker busy, few enough that their activations fit in memory with ease. */
const GROUP = 32;

/**
 * Takes units away from many contexts, and calls `done` with each result in the order of the requests. Neighbouring requests
 * with the same `tokens` array share its clean pass, so order them by context.
 */
export async function ablateContexts(
  live: LiveModel,
  units: Units,
  requests: readonly AblationRequest[],
  done: (index: number, ablation: TokenAblation) => void,
  { top, signal, onProgress }: AblationBatchOptions,
): Promise<void> {
  let earlier: Promise<void> = Promise.resolve();
  for (let first = 0; first < requests.length; first += GROUP) {
    if (signal?.aborted) break;
    const group = requests.slice(first, first + GROUP);
    // Read while the group before is finished.
    const [edits] = await Promise.all([editsOf(live, units, group), earlier]);
    earlier = live.differences(edits, top).then((differences) => {
      group.forEach(({ tokens, positions, values }, i) =>
        done(first + i, ablationOf(tokens.length, positions, values, differences[i]!)),
      );
      onProgress?.(first + group.length);
    });
  }
  await earlier;
  signal?.throwIfAborted();
}

async function editsOf(live: LiveModel, units: Units, requests: readonly AblationRequest[]): Promise<Edit[]> {
  const readings = new Map<Int32Array, Promise<Reading>>();
  for (const { tokens } of requests) if (!readings.has(tokens)) readings.set(tokens, live.read(tokens));
  return Promise.all(
    requests.map(async (request) => withoutUnit(units, await readings.get(request.tokens)!, request)),
  );
}

/** The edit x_j − s(x_j) f_i(x_j) d_i at the given positions. */
export function withoutUnit(
  units: Units,
  reading: Reading,
  { unit, positions, values }: Omit<AblationRequest, "tokens">,
): Edit {
  const { dIn } = units;
  const direction = units.direction(unit);
  const rows = new Float32Array(positions.length * dIn);
  for (let i = 0; i < positions.length; i++) {
    const x = reading.activation.subarray(positions[i]! * dIn, (positions[i]! + 1) * dIn);
    const taken = rowScale(units, x) * values[i]!;
    for (let k = 0; k < dIn; k++) rows[i * dIn + k] = x[k]! - taken * direction[k]!;
  }
  return { reading, positions, rows };
}

/** Where one unit is active, and how much. */
export function activeAt(
  { rowOffsets, indices, values }: SparseActivations,
  unit: number,
): { positions: number[]; values: number[] } {
  const found: { positions: number[]; values: number[] } = { positions: [], values: [] };
  for (let row = 0; row + 1 < rowOffsets.length; row++) {
    for (let entry = rowOffsets[row]!; entry < rowOffsets[row + 1]!; entry++) {
      if (indices[entry] !== unit || !(values[entry]! > 0)) continue;
      found.positions.push(row);
      found.values.push(values[entry]!);
    }
  }
  return found;
}

function ablationOf(
  tokens: number,
  positions: ArrayLike<number>,
  values: ArrayLike<number>,
  differences: readonly RowDifference[],
): TokenAblation {
  const activations = new Float32Array(tokens);
  for (let i = 0; i < positions.length; i++) activations[positions[i]!] = values[i]!;
  const lossChange = new Float32Array(tokens);
  const lowered: (readonly TokenProbabilities[])[] = Array.from({ length: tokens }, () => []);
  const raised: (readonly TokenProbabilities[])[] = Array.from({ length: tokens }, () => []);
  for (const difference of differences) {
    const { position } = difference;
    lowered[position] = difference.lowered;
    raised[position] = difference.raised;
    if (position + 1 < tokens) lossChange[position + 1] = difference.changed - difference.clean;
  }
  return { activations, lossChange, lowered, raised };
}
