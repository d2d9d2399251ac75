/**
 * The half of a step that goes row by row: from encoder products to active entries, reconstruction, residual, and the
 * gradient that reaches each active feature.
 *
 *   f = relu(z + b_enc)   x̂ = Σ f_i W_dec,i + b_dec   r = ∂L/∂x̂ = 2(x̂ − x)/B   ∂L/∂f_i = r·W_dec,i + Λ/B
 *
 * A feature that did not fire on a row has gradient exactly 0 there, so only the entries with f > 0 are ever visited.
 */

import { BLOCK, CENTRED, CHUNK, Plan, STATS } from "./plan";
import { accumulate, accumulate4, dot, sumLanes } from "./vector";

/**
 * Turns `rows` raw activations, already copied to their place in the batch, into encoder inputs: x·scale, minus b_dec
 * when the encoder is centred. Adds up Σx (by dimension) and Σ‖x‖² of the chunk, for the variance.
 */
export function prepare(plan: Plan, chunk: u32, rows: u32): void {
  const bytes: u32 = plan.rowBytes;
  const first = plan.input + chunk * CHUNK * bytes;
  const sum = plan.chunkInput + chunk * bytes;
  const s = f32x4.splat(plan.scale);
  const centred = (plan.flags & CENTRED) != 0;
  memory.fill(sum, 0, bytes);
  let squares: f64 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    const x = first + row * bytes;
    let square = f32x4.splat(0);
    for (let k: u32 = 0; k < bytes; k += 16) {
      let value = f32x4.mul(v128.load(x + k), s);
      if (centred) value = f32x4.sub(value, v128.load(plan.b_dec + k));
      v128.store(x + k, value);
      v128.store(sum + k, f32x4.add(v128.load(sum + k), value));
      square = f32x4.add(square, f32x4.mul(value, value));
    }
    squares += sumLanes(square);
  }
  store<f64>(plan.chunkStats + (chunk * STATS + 3) * 8, squares);
}

/**
 * Lists the entries of z + b_enc > 0 in order of feature. `z` is [features, CHUNK]: a feature's products with the rows of
 * the chunk lie side by side.
 * @returns the number of entries, or -1 when they do not fit
 */
export function collect(plan: Plan, chunk: u32, rows: u32, z: usize): i32 {
  const starts = plan.blockStart + chunk * (plan.blocks + 1) * 4;
  const offset = chunk * plan.capacity * 4;
  const featureOut = plan.entryFeature + offset;
  const rowOut = plan.entryRow + offset;
  const valueOut = plan.entryValue + offset;
  const zero = f32x4.splat(0);
  // A feature adds at most CHUNK entries, so room is checked once per feature.
  const limit: i32 = <i32>plan.capacity - <i32>CHUNK;
  let count: i32 = 0;
  for (let i: u32 = 0; i < plan.features; i++) {
    if (i % BLOCK == 0) store<u32>(starts + (i / BLOCK) * 4, count);
    if (count > limit) return -1;
    const bias = load<f32>(plan.b_enc + i * 4);
    const b = f32x4.splat(bias);
    const line = z + i * CHUNK * 4;
    for (let k: u32 = 0; k < CHUNK; k += 16) {
      const at = line + k * 4;
      const z0 = v128.load(at);
      const z1 = v128.load(at, 16);
      const z2 = v128.load(at, 32);
      const z3 = v128.load(at, 48);
      // Most groups of 16 have no active entry: one comparison of their maximum rules them out.
      const top = f32x4.max(f32x4.max(z0, z1), f32x4.max(z2, z3));
      if (!v128.any_true(f32x4.gt(f32x4.add(top, b), zero))) continue;
      let mask =
        i32x4.bitmask(f32x4.gt(f32x4.add(z0, b), zero)) |
        (i32x4.bitmask(f32x4.gt(f32x4.add(z1, b), zero)) << 4) |
        (i32x4.bitmask(f32x4.gt(f32x4.add(z2, b), zero)) << 8) |
        (i32x4.bitmask(f32x4.gt(f32x4.add(z3, b), zero)) << 12);
      for (; mask != 0; mask &= mask - 1) {
        const row = k + ctz(mask);
        // Rows beyond the end of the batch only fill the last chunk up.
        if (row >= rows) break;
        store<u32>(featureOut + count * 4, i);
        store<u32>(rowOut + count * 4, row);
        store<f32>(valueOut + count * 4, load<f32>(line + row * 4) + bias);
        count++;
      }
    }
  }
  store<u32>(starts + plan.blocks * 4, count);
  return count;
}

/** Counting sort of a chunk's entries by row: `order` lists them, row j's at [starts[j], starts[j+1]). */
export function sortByRow(entryRow: usize, count: u32, rows: u32, order: usize, starts: usize): void {
  memory.fill(starts, 0, (rows + 1) * 4);
  for (let e: u32 = 0; e < count; e++) {
    const at = starts + (load<u32>(entryRow + e * 4) + 1) * 4;
    store<u32>(at, load<u32>(at) + 1);
  }
  for (let j: u32 = 0; j < rows; j++) {
    store<u32>(starts + (j + 1) * 4, load<u32>(starts + (j + 1) * 4) + load<u32>(starts + j * 4));
  }
  // Placing shifts every start to its row's end; moving back down restores it.
  for (let e: u32 = 0; e < count; e++) {
    const at = starts + load<u32>(entryRow + e * 4) * 4;
    const place = load<u32>(at);
    store<u32>(order + place * 4, e);
    store<u32>(at, place + 1);
  }
  for (let j = rows; j > 0; j--) store<u32>(starts + j * 4, load<u32>(starts + (j - 1) * 4));
  store<u32>(starts, 0);
}

/** y += Σ f_i W_i over the entries order[from … to). */
export function decodeRow(
  y: usize,
  W: usize,
  order: usize,
  from: u32,
  to: u32,
  entryFeature: usize,
  entryValue: usize,
  bytes: u32,
): void {
  let e = from;
  for (; e + 4 <= to; e += 4) {
    const e0 = load<u32>(order + e * 4);
    const e1 = load<u32>(order + e * 4, 4);
    const e2 = load<u32>(order + e * 4, 8);
    const e3 = load<u32>(order + e * 4, 12);
    accumulate4(
      y,
      W + load<u32>(entryFeature + e0 * 4) * bytes,
      W + load<u32>(entryFeature + e1 * 4) * bytes,
      W + load<u32>(entryFeature + e2 * 4) * bytes,
      W + load<u32>(entryFeature + e3 * 4) * bytes,
      load<f32>(entryValue + e0 * 4),
      load<f32>(entryValue + e1 * 4),
      load<f32>(entryValue + e2 * 4),
      load<f32>(entryValue + e3 * 4),
      bytes,
    );
  }
  for (; e < to; e++) {
    const entry = load<u32>(order + e * 4);
    accumulate(y, W + load<u32>(entryFeature + entry * 4) * bytes, load<f32>(entryValue + entry * 4), bytes);
  }
}

/**
 * Reconstruction, residual and pull-back of a chunk whose entries are collected.
 * `order` and `starts` are scratch of `count` and CHUNK + 1 words.
 */
export function reconstruct(plan: Plan, chunk: u32, rows: u32, count: u32, order: usize, starts: usize): void {
  const bytes: u32 = plan.rowBytes;
  const offset = chunk * plan.capacity * 4;
  const features = plan.entryFeature + offset;
  const values = plan.entryValue + offset;
  const pulls = plan.entryPull + offset;
  const sum = plan.chunkResidual + chunk * bytes;
  memory.fill(sum, 0, bytes);
  sortByRow(plan.entryRow + offset, count, rows, order, starts);
  let errors: f64 = 0;
  let activity: f64 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    const at = chunk * CHUNK + row;
    const r = plan.residual + at * bytes;
    const from = load<u32>(starts + row * 4);
    const to = load<u32>(starts + row * 4, 4);
    startResidual(plan, r, plan.input + at * bytes, bytes);
    decodeRow(r, plan.W_dec, order, from, to, features, values, bytes);
    const error = finishResidual(plan, r, sum, bytes);
    let l1: f32 = 0;
    for (let e = from; e < to; e++) {
      const entry = load<u32>(order + e * 4);
      l1 += load<f32>(values + entry * 4);
      const W = plan.W_dec + load<u32>(features + entry * 4) * bytes;
      store<f32>(pulls + entry * 4, dot(r, W, bytes) + plan.sparsity);
    }
    store<f32>(plan.rowLoss + at * 4, error + plan.lambda * l1);
    errors += error;
    activity += l1;
  }
  const stats = plan.chunkStats + chunk * STATS * 8;
  store<f64>(stats, errors);
  store<f64>(stats, activity, 8);
  store<f64>(stats, <f64>count, 16);
}

/** r = b_dec − x in terms of the encoder's input: what the decoder's sum is added to. */
@inline
function startResidual(plan: Plan, r: usize, x: usize, bytes: u32): void {
  if (plan.flags & CENTRED) {
    for (let k: u32 = 0; k < bytes; k += 16) v128.store(r + k, f32x4.neg(v128.load(x + k)));
  } else {
    for (let k: u32 = 0; k < bytes; k += 16) {
      v128.store(r + k, f32x4.sub(v128.load(plan.b_dec + k), v128.load(x + k)));
    }
  }
}

/** Scales x̂ − x to ∂L/∂x̂, adds it to `sum`, and returns ‖x̂ − x‖². */
@inline
function finishResidual(plan: Plan, r: usize, sum: usize, bytes: u32): f32 {
  const s = f32x4.splat(plan.errorScale);
  let squares = f32x4.splat(0);
  for (let k: u32 = 0; k < bytes; k += 16) {
    const e = v128.load(r + k);
    squares = f32x4.add(squares, f32x4.mul(e, e));
    const scaled = f32x4.mul(e, s);
    v128.store(r + k, scaled);
    v128.store(sum + k, f32x4.add(v128.load(sum + k), scaled));
  }
  return sumLanes(squares);
}

/**
 * The dense path's share of `reconstruct`: the graph has already put Σ f_i W_dec,i of every row in `residual`, and each
 * row's Σf and number of active features in `l1` and `l0`.
 */
export function residuals(plan: Plan, chunk: u32, rows: u32, l1: usize, l0: usize): void {
  const bytes: u32 = plan.rowBytes;
  const sum = plan.chunkResidual + chunk * bytes;
  memory.fill(sum, 0, bytes);
  let errors: f64 = 0;
  let activity: f64 = 0;
  let count: f64 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    const at = chunk * CHUNK + row;
    const r = plan.residual + at * bytes;
    accumulate(r, plan.input + at * bytes, -1, bytes);
    if (!(plan.flags & CENTRED)) accumulate(r, plan.b_dec, 1, bytes);
    const error = finishResidual(plan, r, sum, bytes);
    const f = load<f32>(l1 + row * 4);
    store<f32>(plan.rowLoss + at * 4, error + plan.lambda * f);
    errors += error;
    activity += f;
    count += load<f32>(l0 + row * 4);
  }
  const stats = plan.chunkStats + chunk * STATS * 8;
  store<f64>(stats, errors);
  store<f64>(stats, activity, 8);
  store<f64>(stats, count, 16);
}
