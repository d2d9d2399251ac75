/** Encoding and decoding with a finished dictionary of any supported architecture. */

import { CHUNK } from "./plan";
import { offer, sink, ties } from "./heap";
import { sortByKey } from "./select";
import { accumulate, accumulate4 } from "./vector";

/**
 * Active features of `rows` rows from their encoder products z [features, CHUNK]. Feature i is active where z > gate_i
 * and its value gain_i·z + offset_i is positive: ReLU has gate −b and value z + b, JumpReLU gate θ − b, a gated encoder
 * gate −b_gate and value z·exp(r_mag) + b_mag.
 *
 * Results in order of row: `starts` [rows + 1], `indices`, `values`; of each row only the `keep` largest values stay
 * (0: all). `scratch` holds 16 bytes for each of features·CHUNK entries.
 * @returns the number of entries
 */
export function encodeRows(
  z: usize,
  features: u32,
  rows: u32,
  gate: usize,
  gain: usize,
  offset: usize,
  keep: u32,
  starts: usize,
  indices: usize,
  values: usize,
  scratch: usize,
): u32 {
  const room: usize = features * CHUNK * 4;
  const feature = scratch;
  const rowOf = feature + room;
  const value = rowOf + room;
  const order = value + room;
  let count: u32 = 0;
  for (let i: u32 = 0; i < features; i++) {
    const cut = load<f32>(gate + i * 4);
    const a = load<f32>(gain + i * 4);
    const c = load<f32>(offset + i * 4);
    const cuts = f32x4.splat(cut);
    const line = z + i * CHUNK * 4;
    for (let k: u32 = 0; k < rows; k += 4) {
      let mask = i32x4.bitmask(f32x4.gt(v128.load(line + k * 4), cuts));
      for (; mask != 0; mask &= mask - 1) {
        const row = k + ctz(mask);
        if (row >= rows) break;
        const f = load<f32>(line + row * 4) * a + c;
        if (!(f > 0)) continue;
        store<u32>(feature + count * 4, i);
        store<u32>(rowOf + count * 4, row);
        store<f32>(value + count * 4, f);
        count++;
      }
    }
  }
  sortByKey(rowOf, count, rows, order, starts);
  let kept: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    const from = load<u32>(starts + row * 4);
    const to = load<u32>(starts + row * 4, 4);
    const first = kept;
    for (let e = from; e < to; e++) {
      const entry = load<u32>(order + e * 4);
      store<u32>(indices + kept * 4, load<u32>(feature + entry * 4));
      store<f32>(values + kept * 4, load<f32>(value + entry * 4));
      kept++;
    }
    // This row's slots in `rowOf` (4-byte words from..to) are free once every row is sorted: scratch for the selection.
    if (keep > 0 && kept - first > keep) kept = first + keepLargest(indices, values, first, kept, keep, rowOf);
    store<u32>(starts + row * 4, first);
  }
  store<u32>(starts + rows * 4, kept);
  return kept;
}

/**
 * Moves the `keep` largest of values[from … to) to the front, in their order; of equal values the first stay.
 * `heap` is scratch of `keep` floats: a heap whose root is the smallest value kept so far.
 */
function keepLargest(indices: usize, values: usize, from: u32, to: u32, keep: u32, heap: usize): u32 {
  for (let j: u32 = 0; j < keep; j++) store<f32>(heap + j * 4, load<f32>(values + (from + j) * 4));
  for (let j = <i32>(keep / 2) - 1; j >= 0; j--) sink(heap, j, keep);
  for (let e = from + keep; e < to; e++) {
    offer(heap, keep, load<f32>(values + e * 4));
  }
  const least = load<f32>(heap);
  let left = ties(heap, keep);
  let kept: u32 = 0;
  for (let e = from; e < to; e++) {
    const f = load<f32>(values + e * 4);
    if (f < least) continue;
    if (f == least) {
      if (left == 0) continue;
      left--;
    }
    store<u32>(indices + (from + kept) * 4, load<u32>(indices + e * 4));
    store<f32>(values + (from + kept) * 4, f);
    kept++;
  }
  return kept;
}

/** x̂ = Σ f_i W_dec,i + b_dec for each of `rows` rows, written to `out` [rows, d_in]. */
export function decodeRows(
  rows: u32,
  starts: usize,
  indices: usize,
  values: usize,
  W_dec: usize,
  b_dec: usize,
  out: usize,
  bytes: u32,
): void {
  for (let row: u32 = 0; row < rows; row++) {
    const y = out + row * bytes;
    memory.copy(y, b_dec, bytes);
    const to = load<u32>(starts + row * 4, 4);
    let e = load<u32>(starts + row * 4);
    for (; e + 4 <= to; e += 4) {
      accumulate4(
        y,
        W_dec + load<u32>(indices + e * 4) * bytes,
        W_dec + load<u32>(indices + e * 4, 4) * bytes,
        W_dec + load<u32>(indices + e * 4, 8) * bytes,
        W_dec + load<u32>(indices + e * 4, 12) * bytes,
        load<f32>(values + e * 4),
        load<f32>(values + e * 4, 4),
        load<f32>(values + e * 4, 8),
        load<f32>(values + e * 4, 12),
        bytes,
      );
    }
    for (; e < to; e++) accumulate(y, W_dec + load<u32>(indices + e * 4) * bytes, load<f32>(values + e * 4), bytes);
  }
}
