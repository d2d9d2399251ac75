/**
 * The encoder product in eight bits, as a sieve that loses nothing.
 *
 * Row j of the input and row i of the encoder are rounded to multiples of τ_j and s_i. With x̂ = τ x_q, ŵ = s w_q the integer
 * product I = w_q·x_q is exact, and by Cauchy and Schwarz
 *
 *   | w·x − s τ I |  =  | w·(x − x̂) + (w − ŵ)·x̂ |  ≤  ‖w‖ ‖x − x̂‖ + ‖w − ŵ‖ ‖x̂‖
 *
 * All four norms are computed, so a pair whose s τ I plus this bound does not reach its cut cannot be active. What is left,
 * a few per cent, gets its product in float32. The bound is widened by 1 % and by 10⁻⁴ of ‖x̂‖, which covers every rounding
 * in computing it and in the float32 product itself.
 *
 * w_q is stored plus 128 (unsigned times signed is what processors multiply): I is off by 128 Σ x_q, which the row's offset
 * takes back.
 */

import { CHUNK, Plan, Scratch } from "./plan";
import { dot } from "./vector";

const LEVELS: f32 = 127;
const WIDER: f32 = 1.01;
const ROUNDING: f32 = 1e-4;

/** Rounds encoder row `i` and records its scale, norm and error. */
export function quantiseFeature(plan: Plan, i: u32): void {
  const bytes: u32 = plan.rowBytes;
  const w = plan.W_enc + i * bytes;
  const out = plan.W_q + i * (bytes >> 2);
  const top = largest(w, bytes);
  const s: f32 = top > 0 ? top / LEVELS : 1;
  const inverse = f32x4.splat(1 / s);
  const back = f32x4.splat(s);
  const shift = i32x4.splat(128);
  let error = f32x4.splat(0);
  for (let k: u32 = 0; k < bytes; k += 64) {
    const q0 = rounded(w + k, inverse);
    const q1 = rounded(w + k + 16, inverse);
    const q2 = rounded(w + k + 32, inverse);
    const q3 = rounded(w + k + 48, inverse);
    error = f32x4.add(error, squaredError(w + k, q0, back));
    error = f32x4.add(error, squaredError(w + k + 16, q1, back));
    error = f32x4.add(error, squaredError(w + k + 32, q2, back));
    error = f32x4.add(error, squaredError(w + k + 48, q3, back));
    const low = i16x8.narrow_i32x4_s(i32x4.add(q0, shift), i32x4.add(q1, shift));
    const high = i16x8.narrow_i32x4_s(i32x4.add(q2, shift), i32x4.add(q3, shift));
    v128.store(out + (k >> 2), i8x16.narrow_i16x8_u(low, high));
  }
  store<f32>(plan.W_qScale + i * 4, s);
  store<f32>(plan.W_qNorm + i * 4, sqrt(dot(w, w, bytes)));
  store<f32>(plan.W_qError + i * 4, sqrt(sum(error)));
}

/**
 * Rounds the `rows` inputs of a chunk and sets what `screenTile` needs of each row. Rows beyond the end of the batch get a cut
 * that nothing reaches. @param worst the largest ‖w − ŵ‖ / s of all features
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
      store<f32>(scratch.rowInverse + at, 0);
      store<f32>(scratch.rowCut + at, 0);
      store<f32>(scratch.rowShift + at, 0);
      store<f32>(scratch.rowOffset + at, Infinity);
      continue;
    }
    const x = plan.input + (chunk * CHUNK + row) * bytes;
    const top = largest(x, bytes);
    const s: f32 = top > 0 ? top / LEVELS : 1;
    const inverse = f32x4.splat(1 / s);
    const back = f32x4.splat(s);
    let error = f32x4.splat(0);
    let total = i32x4.splat(0);
    let squares = f32x4.splat(0);
    for (let k: u32 = 0; k < bytes; k += 16) {
      const q = rounded(x + k, inverse);
      error = f32x4.add(error, squaredError(x + k, q, back));
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
    errors = max(errors, (sqrt(sum(error)) / s) * WIDER + size * ROUNDING);
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
    store<f32>(scratch.rowOffset + at, offset - size * worst * WIDER);
  }
  scratch.rowError = errors;
}

/** The largest ‖w − ŵ‖ / s of all features. */
export function worstError(plan: Plan): f32 {
  let worst: f32 = 0;
  for (let i: u32 = 0; i < plan.features; i++) {
    worst = max(worst, load<f32>(plan.W_qError + i * 4) / load<f32>(plan.W_qScale + i * 4));
  }
  return worst;
}

/** Brings the rows' cuts to the scale of the integer products. Called whenever `cut` changes. */
export function screenCuts(scratch: Scratch): void {
  for (let k: u32 = 0; k < CHUNK * 4; k += 16) {
    v128.store(scratch.rowCut + k, f32x4.mul(v128.load(scratch.cut + k), v128.load(scratch.rowInverse + k)));
  }
}

@inline
function rounded(x: usize, inverse: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x), inverse)));
}

@inline
function squaredError(x: usize, q: v128, scale: v128): v128 {
  const e = f32x4.sub(v128.load(x), f32x4.mul(f32x4.convert_i32x4_s(q), scale));
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
