/**
 * The encoder product in eight bits, as a sieve that loses nothing.
 *
 * Row j of the input and row i of the encoder are rounded to multiples of τ_j and s_i. With x̂ = τ x_q, ŵ = s w_q the integer
 * product I = w_q·x_q is exact, and by Cauchy and Schwarz
 *
 *   | w·x − s τ I |  =  | w·(x − x̂) + (w − ŵ)·x̂ |  ≤  ‖w‖ ‖x − x̂‖ + ‖w − ŵ‖ ‖x̂‖
 *
 * All four norms are computed, so a pair whose s τ I plus this bound does not reach its cut cannot be active. What is left,
 * a few per cent, gets its product in float32. The bound is widened by 1 % and by 10⁻⁴ of ‖w‖ ‖x̂‖, which covers every rounding
 * in computing it and in the float32 product itself; and by 10⁻⁶ of each of the large numbers that nearly cancel in the
 * comparison: the bias, the cut and the offset below. Norms and errors are in quanta, so that squares of tiny ones are not 0.
 *
 * w_q is stored plus 128 (unsigned times signed is what processors multiply): I is off by 128 Σ x_q, which the row's offset
 * takes back.
 */

import { CHUNK, Plan, Scratch } from "./plan";

const LEVELS: f32 = 127;
const WIDER: f32 = 1.01;
const ROUNDING: f32 = 1e-4;
/** Share of a number of the comparison that its roundings, and those of sums that it enters, stay below. */
export const SLACK: f32 = 1e-6;
/** The least quantum: the inverse of a smaller one may not be a number. */
const FINEST: f32 = 1e-30;

/** Rounds encoder row `i` and records its scale, and norm and error in quanta. */
export function quantiseFeature(plan: Plan, i: u32): void {
  const bytes: u32 = plan.rowBytes;
  const w = plan.W_enc + i * bytes;
  const out = plan.W_q + i * (bytes >> 2);
  const s: f32 = max(largest(w, bytes) / LEVELS, FINEST);
  const inverse = f32x4.splat(1 / s);
  const shift = i32x4.splat(128);
  let error = f32x4.splat(0);
  let squares = f32x4.splat(0);
  for (let k: u32 = 0; k < bytes; k += 64) {
    const w0 = f32x4.mul(v128.load(w + k), inverse);
    const w1 = f32x4.mul(v128.load(w + k + 16), inverse);
    const w2 = f32x4.mul(v128.load(w + k + 32), inverse);
    const w3 = f32x4.mul(v128.load(w + k + 48), inverse);
    const q0 = rounded(w0);
    error = f32x4.add(error, squaredError(w0, q0));
    squares = f32x4.add(squares, f32x4.mul(w0, w0));
    const q1 = rounded(w1);
    error = f32x4.add(error, squaredError(w1, q1));
    squares = f32x4.add(squares, f32x4.mul(w1, w1));
    const q2 = rounded(w2);
    error = f32x4.add(error, squaredError(w2, q2));
    squares = f32x4.add(squares, f32x4.mul(w2, w2));
    const q3 = rounded(w3);
    error = f32x4.add(error, squaredError(w3, q3));
    squares = f32x4.add(squares, f32x4.mul(w3, w3));
    const low = i16x8.narrow_i32x4_s(i32x4.add(q0, shift), i32x4.add(q1, shift));
    const high = i16x8.narrow_i32x4_s(i32x4.add(q2, shift), i32x4.add(q3, shift));
    v128.store(out + (k >> 2), i8x16.narrow_i16x8_u(low, high));
  }
  store<f32>(plan.W_qScale + i * 4, s);
  store<f32>(plan.W_qNorm + i * 4, sqrt(sum(squares)));
  store<f32>(plan.W_qError + i * 4, sqrt(sum(error)));
}

/**
 * Rounds the `rows` inputs of a chunk and sets what `screenTile` needs of each row. Rows beyond the end of the batch get a cut
 * that nothing reaches. @param worst the largest error of a feature, ‖w − ŵ‖ / s
 */
export function quantiseRows(plan: Plan, chunk: u32, rows: u32, scratch: Scratch, worst: f32): void {
  const bytes: u32 = plan.rowBytes;
  const d = bytes >> 2;
  let errors: f32 = 0;
  for (let row: u32 = 0; row < CHUNK; row++) {
    const at = row * 4;
    if (row >= rows) {
      for (let k: u32 = 0; k < d; k++) store<i8>(scratch.xq + k * CHUNK + row, 0);
      store<f32>(scratch.rowScale + at, 0);
      store<f32>(scratch.rowInverse + at, 1);
      store<f32>(scratch.rowCut + at, 0);
      store<f32>(scratch.rowShift + at, 0);
      store<f32>(scratch.rowOffset + at, Infinity);
      continue;
    }
    const x = plan.input + (chunk * CHUNK + row) * bytes;
    const s: f32 = max(largest(x, bytes) / LEVELS, FINEST);
    const inverse = f32x4.splat(1 / s);
    let error = f32x4.splat(0);
    let total = i32x4.splat(0);
    let squares = f32x4.splat(0);
    for (let k: u32 = 0; k < bytes; k += 16) {
      const value = f32x4.mul(v128.load(x + k), inverse);
      const q = rounded(value);
      error = f32x4.add(error, squaredError(value, q));
      total = i32x4.add(total, q);
      const real = f32x4.convert_i32x4_s(q);
      squares = f32x4.add(squares, f32x4.mul(real, real));
      const column = scratch.xq + (k >> 2) * CHUNK + row;
      store<i8>(column, i32x4.extract_lane(q, 0));
      store<i8>(column, i32x4.extract_lane(q, 1), CHUNK);
      store<i8>(column, i32x4.extract_lane(q, 2), 2 * CHUNK);
      store<i8>(column, i32x4.extract_lane(q, 3), 3 * CHUNK);
    }
    const size = sqrt(sum(squares));
    errors = max(errors, sqrt(sum(error)) * WIDER + size * ROUNDING);
    const offset: f32 =
      <f32>128 *
      <f32>(
        (i32x4.extract_lane(total, 0) +
          i32x4.extract_lane(total, 1) +
          i32x4.extract_lane(total, 2) +
          i32x4.extract_lane(total, 3))
      );
    store<f32>(scratch.rowScale + at, s);
    store<f32>(scratch.rowInverse + at, 1 / s);
    store<f32>(scratch.rowShift + at, offset);
    store<f32>(scratch.rowOffset + at, offset - size * worst * WIDER - abs(offset) * SLACK);
  }
  scratch.rowError = errors;
}

/** The largest error of a feature. */
export function worstError(plan: Plan): f32 {
  let worst: f32 = 0;
  for (let i: u32 = 0; i < plan.features; i++) {
    worst = max(worst, load<f32>(plan.W_qError + i * 4));
  }
  return worst;
}

/** Brings the rows' cuts to the scale of the integer products. Called whenever `cut` changes. */
export function screenCuts(scratch: Scratch): void {
  const less = f32x4.splat(1 - SLACK);
  for (let k: u32 = 0; k < CHUNK * 4; k += 16) {
    const cut = f32x4.mul(v128.load(scratch.cut + k), v128.load(scratch.rowInverse + k));
    v128.store(scratch.rowCut + k, f32x4.mul(cut, less));
  }
}

@inline
function rounded(x: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(x));
}

@inline
function squaredError(x: v128, q: v128): v128 {
  const e = f32x4.sub(x, f32x4.convert_i32x4_s(q));
  return f32x4.mul(e, e);
}

@inline
function sum(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** max |x_k| */
function largest(x: usize, bytes: u32): f32 {
  let top = f32x4.splat(0);
  for (const end = x + bytes; x < end; x += 16) top = f32x4.max(top, f32x4.abs(v128.load(x)));
  return max(
    max(f32x4.extract_lane(top, 0), f32x4.extract_lane(top, 1)),
    max(f32x4.extract_lane(top, 2), f32x4.extract_lane(top, 3)),
  );
}
