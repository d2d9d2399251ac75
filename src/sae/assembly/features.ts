/**
 * The half of a step that goes feature by feature: gradients of one row of each matrix, projection, Adam, norm.
 *
 *   ∂L/∂W_dec,i = Σ_rows f_i r      ∂L/∂W_enc,i = Σ_rows (∂L/∂f_i) x      ∂L/∂b_enc,i = Σ_rows ∂L/∂f_i
 *
 * A row is updated while its gradient is still in the first-level cache; no gradient matrix is ever stored. Entries are
 * added in order of row, so the result does not depend on how many workers share the features.
 */

import { adamRow, adamScalar } from "./adam";
import { BLOCK, CHUNK, Plan, PROJECT, RENORMALISE_AFTER, RENORMALISE_BEFORE, TRAIN_B_ENC } from "./plan";
import { accumulate, accumulate4, dot, scale } from "./vector";

/**
 * Gradients and update of feature block `block` from the collected entries of `chunks` chunks. `scratch` holds
 * 4·(BLOCK + 1) bytes, two gradient rows, then 8 bytes for each entry of the block.
 */
export function updateSparse(plan: Plan, block: u32, chunks: u32, scratch: usize): void {
  const bytes: u32 = plan.rowBytes;
  const first = block * BLOCK;
  const size = min(BLOCK, plan.features - first);
  const starts = scratch;
  const dW_enc = scratch + 64 + BLOCK * 4;
  const dW_dec = dW_enc + bytes;
  const list = dW_dec + bytes;
  gather(plan, block, chunks, starts, list);

  const pull = plan.blockPull + block * bytes;
  memory.fill(pull, 0, bytes);
  store<u32>(plan.blockBroken + block * 4, 0);
  for (let j: u32 = 0; j < size; j++) {
    const i = first + j;
    const from = load<u32>(starts + j * 4);
    const to = load<u32>(starts + j * 4, 4);
    memory.fill(dW_enc, 0, bytes * 2);
    let db: f32 = 0;
    let e = from;
    for (; e + 4 <= to; e += 4) {
      const e0 = load<u32>(list + e * 8);
      const e1 = load<u32>(list + e * 8, 8);
      const e2 = load<u32>(list + e * 8, 16);
      const e3 = load<u32>(list + e * 8, 24);
      const row0 = load<u32>(list + e * 8, 4) * bytes;
      const row1 = load<u32>(list + e * 8, 12) * bytes;
      const row2 = load<u32>(list + e * 8, 20) * bytes;
      const row3 = load<u32>(list + e * 8, 28) * bytes;
      const g0 = load<f32>(plan.entryPull + e0 * 4);
      const g1 = load<f32>(plan.entryPull + e1 * 4);
      const g2 = load<f32>(plan.entryPull + e2 * 4);
      const g3 = load<f32>(plan.entryPull + e3 * 4);
      accumulate4(
        dW_dec,
        plan.residual + row0,
        plan.residual + row1,
        plan.residual + row2,
        plan.residual + row3,
        load<f32>(plan.entryValue + e0 * 4),
        load<f32>(plan.entryValue + e1 * 4),
        load<f32>(plan.entryValue + e2 * 4),
        load<f32>(plan.entryValue + e3 * 4),
        bytes,
      );
      accumulate4(
        dW_enc,
        plan.input + row0,
        plan.input + row1,
        plan.input + row2,
        plan.input + row3,
        g0,
        g1,
        g2,
        g3,
        bytes,
      );
      db += g0 + g1 + (g2 + g3);
    }
    for (; e < to; e++) {
      const entry = load<u32>(list + e * 8);
      const row = load<u32>(list + e * 8, 4) * bytes;
      const g = load<f32>(plan.entryPull + entry * 4);
      accumulate(dW_dec, plan.residual + row, load<f32>(plan.entryValue + entry * 4), bytes);
      accumulate(dW_enc, plan.input + row, g, bytes);
      db += g;
    }
    updateFeature(plan, block, i, dW_enc, dW_dec, db, to - from, pull);
  }
}

/**
 * The same update from gradients that the dense graph has computed: dW_enc, dW_dec [BLOCK, d_in], db_enc and the number
 * of rows each feature fired on [BLOCK], all starting at the block's first feature.
 */
export function updateDense(plan: Plan, block: u32, dW_enc: usize, dW_dec: usize, db_enc: usize, counts: usize): void {
  const bytes: u32 = plan.rowBytes;
  const first = block * BLOCK;
  const size = min(BLOCK, plan.features - first);
  const pull = plan.blockPull + block * bytes;
  memory.fill(pull, 0, bytes);
  store<u32>(plan.blockBroken + block * 4, 0);
  for (let j: u32 = 0; j < size; j++) {
    const count = <u32>load<f32>(counts + j * 4);
    const db = load<f32>(db_enc + j * 4);
    updateFeature(plan, block, first + j, dW_enc + j * bytes, dW_dec + j * bytes, db, count, pull);
  }
}

/** Lists the block's entries feature by feature, each as [index of the entry, row in the batch], rows ascending. */
function gather(plan: Plan, block: u32, chunks: u32, starts: usize, list: usize): void {
  const first = block * BLOCK;
  memory.fill(starts, 0, (BLOCK + 1) * 4);
  for (let chunk: u32 = 0; chunk < chunks; chunk++) {
    const bounds = plan.blockStart + (chunk * (plan.blocks + 1) + block) * 4;
    const base = chunk * plan.capacity;
    for (let e = base + load<u32>(bounds), end = base + load<u32>(bounds, 4); e < end; e++) {
      const at = starts + (load<u32>(plan.entryFeature + e * 4) - first + 1) * 4;
      store<u32>(at, load<u32>(at) + 1);
    }
  }
  for (let j: u32 = 0; j < BLOCK; j++) {
    store<u32>(starts + (j + 1) * 4, load<u32>(starts + (j + 1) * 4) + load<u32>(starts + j * 4));
  }
  for (let chunk: u32 = 0; chunk < chunks; chunk++) {
    const bounds = plan.blockStart + (chunk * (plan.blocks + 1) + block) * 4;
    const base = chunk * plan.capacity;
    for (let e = base + load<u32>(bounds), end = base + load<u32>(bounds, 4); e < end; e++) {
      const at = starts + (load<u32>(plan.entryFeature + e * 4) - first) * 4;
      const place = load<u32>(at);
      store<u32>(list + place * 8, e);
      store<u32>(list + place * 8, chunk * CHUNK + load<u32>(plan.entryRow + e * 4), 4);
      store<u32>(at, place + 1);
    }
  }
  for (let j = BLOCK; j > 0; j--) store<u32>(starts + j * 4, load<u32>(starts + (j - 1) * 4));
  store<u32>(starts, 0);
}

/** One feature: its part of ∂L/∂b_dec through the encoder, projection, Adam on the three parameters, norm. */
function updateFeature(
  plan: Plan,
  block: u32,
  i: u32,
  dW_enc: usize,
  dW_dec: usize,
  db: f32,
  count: u32,
  pull: usize,
): void {
  const bytes: u32 = plan.rowBytes;
  const W_enc = plan.W_enc + i * bytes;
  const W_dec = plan.W_dec + i * bytes;
  const flags = plan.flags;
  if (count > 0) {
    const fired = plan.fired + i * 4;
    store<u32>(fired, load<u32>(fired) + count);
    store<u32>(plan.last_fired + i * 4, plan.step);
    // Before W_enc moves: the gradient belongs to the parameters that made the forward pass.
    accumulate(pull, W_enc, db, bytes);
    if (flags & PROJECT) accumulate(dW_dec, W_dec, -dot(dW_dec, W_dec, bytes) / dot(W_dec, W_dec, bytes), bytes);
  }
  if (flags & RENORMALISE_BEFORE) normalise(W_dec, bytes);
  adamRow(plan, W_enc, plan.W_enc_m + i * bytes, plan.W_enc_v + i * bytes, dW_enc, bytes);
  adamRow(plan, W_dec, plan.W_dec_m + i * bytes, plan.W_dec_v + i * bytes, dW_dec, bytes);
  if (flags & TRAIN_B_ENC) {
    adamScalar(plan, plan.b_enc + i * 4, plan.b_enc_m + i * 4, plan.b_enc_v + i * 4, db);
  }
  const norm = flags & RENORMALISE_AFTER ? normalise(W_dec, bytes) : dot(W_dec, W_dec, bytes);
  const size = norm + dot(W_enc, W_enc, bytes) + abs(load<f32>(plan.b_enc + i * 4));
  if (!(size < Infinity)) {
    const broken = plan.blockBroken + block * 4;
    store<u32>(broken, load<u32>(broken) + 1);
  }
}

/** Scales a row to norm 1, leaves a row of zeros alone, and returns the squared norm it had. */
function normalise(row: usize, bytes: u32): f32 {
  const squared = dot(row, row, bytes);
  if (squared > 0) scale(row, 1 / sqrt(squared), bytes);
  return squared;
}
