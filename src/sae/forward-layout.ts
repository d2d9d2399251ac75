/** Where a finished dictionary and the rows it works on lie in its memory. */

import { Failure } from "../errors.ts";
import { Arena, MEMORY_BYTES, roundUp } from "./memory.ts";
import { CHUNK } from "./plan.ts";

/** Bytes set aside for the active entries of one call: as if every feature fired on every row. */
const ENTRY_BYTES = 2 ** 28;
const MAX_ROWS = 4096;

/** Up to this many rows are encoded in the time of one, which goes into reading W_enc: a chunk takes six times as long. */
export const FEW = 16;

export interface ForwardLayout {
  readonly d_in: number;
  readonly d_sae: number;
  /** Floats from one row of a matrix to the next. */
  readonly stride: number;
  /** Rows that one call can take. */
  readonly rows: number;
  readonly W_enc: number;
  readonly W_dec: number;
  readonly b_dec: number;
  /** What decides whether a feature is active and its value (see `encodeRows`). */
  readonly gate: number;
  readonly gain: number;
  readonly offset: number;
  readonly input: number;
  readonly output: number;
  /** By chunk of rows: starts [CHUNK + 1], then indices and values, CHUNK · d_sae each. */
  readonly starts: number;
  readonly indices: number;
  readonly values: number;
  readonly scratch: readonly { readonly z: number; readonly entries: number }[];
  readonly bytes: number;
}

/** @throws Failure when the dictionary does not fit in one WebAssembly memory */
export function forwardLayout(d_in: number, d_sae: number, workers: number): ForwardLayout {
  const stride = roundUp(d_in, 16);
  const rows = Math.min(MAX_ROWS, Math.max(CHUNK, Math.floor(ENTRY_BYTES / (8 * d_sae) / CHUNK) * CHUNK));
  const chunks = rows / CHUNK;
  const arena = new Arena();
  const floats = (count: number) => arena.take(4 * count);
  const layout = {
    d_in,
    d_sae,
    stride,
    rows,
    W_enc: floats(d_sae * stride),
    W_dec: floats(d_sae * stride),
    b_dec: floats(stride),
    gate: floats(d_sae),
    gain: floats(d_sae),
    offset: floats(d_sae),
    input: floats(rows * stride),
    output: floats(rows * stride),
    starts: floats(chunks * (CHUNK + 1)),
    indices: floats(rows * d_sae),
    values: floats(rows * d_sae),
    scratch: Array.from({ length: workers }, () => ({
      z: floats(CHUNK * d_sae),
      entries: floats(4 * CHUNK * d_sae),
    })),
  };
  if (arena.bytes > MEMORY_BYTES) {
    throw new Failure(
      `a dictionary of ${d_sae} features on ${d_in} dimensions needs ${(arena.bytes / 1e9).toFixed(1)} GB and one can ` +
        `have 4.3 GB: it is too wide for this version`,
    );
  }
  return { ...layout, bytes: arena.bytes };
}
