/**
 * The half of a step that goes feature by feature: gradients of one row of each matrix, projection, Adam, norm.
 *
 *   ∂L/∂W_dec,i = Σ f_i r      ∂L/∂W_enc,i = Σ (∂L/∂z_i) x      ∂L/∂b_enc,i = Σ ∂L/∂z_i          sums over active entries
 *
 * A row is updated while its gradient is still in the first-level cache; no gradient matrix is ever stored. Entries are
 * added in order of row, so the result does not depend on how many workers share the features.
 */

import { adamRow, adamScalar } from "./adam";
import {
  BLOCK,
  CHUNK,
  GATED,
  JUMPRELU,
  NORM_PENALTY,
  Plan,
  PROJECT,
  RENORMALISE_AFTER,
  RENORMALISE_BEFORE,
  SCREEN,
  TRAIN_B_ENC,
} from "./plan";
import { groupEnd } from "./rows";
import { quantiseFeature } from "./screen";
import { accumulate, accumulate4, dot, scale } from "./vector";

/** What the entries of one feature add up to beside its two gradient rows. */
@unmanaged
class Sums {
  /** Σ ∂L/∂z: what the encoder's input gets through this feature. */
  pull: f32;
  b_enc: f32;
  /** JUMPRELU: threshold. GATED: r_mag. */
  gain: f32;
  b_mag: f32;
  /** Rows it fired on. */
  count: u32;
}

/** Bytes of a listed entry: its index, then where its input and its residual lie. */
const LISTED: u32 = 12;
const SUMS: u32 = 64;

/**
 * Gradients and update of feature block `block` from the collected entries of `chunks` chunks. `scratch` holds
 * SUMS + 4·BLOCK + 64 bytes, two gradient rows, then LISTED bytes for each entry of the block.
 */
export function updateSparse(plan: Plan, block: u32, chunks: u32, scratch: usize): void {
  const bytes: u32 = plan.rowBytes;
  const first = block * BLOCK;
  const size = min(BLOCK, plan.features - first);
  const sums = changetype<Sums>(scratch);
  const starts = scratch + SUMS;
  const dW_enc = starts + 64 + BLOCK * 4;
  const dW_dec = dW_enc + bytes;
  const list = dW_dec + bytes;
  gather(plan, block, chunks, starts, list);

  const pull = plan.blockPull + block * bytes;
  memory.fill(pull, 0, bytes);
  store<u32>(plan.blockBroken + block * 4, 0);
  for (let j: u32 = 0; j < size; j++) {
    const i = first + j;
    const from = list + load<u32>(starts + j * 4) * LISTED;
    const to = list + load<u32>(starts + j * 4, 4) * LISTED;
    memory.fill(dW_enc, 0, bytes * 2);
    addRows(plan, from, to, dW_enc, dW_dec, bytes);
    addScalars(plan, i, from, to, sums);
    if (plan.flags & NORM_PENALTY) addNormPenalty(plan, i, from, to, dW_dec, bytes);
    updateFeature(plan, block, i, dW_enc, dW_dec, sums, pull);
  }
}

/** Σ (∂L/∂z) x and Σ f r over the listed entries from … to. */
function addRows(plan: Plan, from: usize, to: usize, dW_enc: usize, dW_dec: usize, bytes: u32): void {
  let e = from;
  for (; e + 4 * LISTED <= to; e += 4 * LISTED) {
    const e0 = load<u32>(e) * 4;
    const e1 = load<u32>(e, 12) * 4;
    const e2 = load<u32>(e, 24) * 4;
    const e3 = load<u32>(e, 36) * 4;
    accumulate4(
      dW_dec,
      load<u32>(e, 8),
      load<u32>(e, 20),
      load<u32>(e, 32),
      load<u32>(e, 44),
      load<f32>(plan.entryValue + e0),
      load<f32>(plan.entryValue + e1),
      load<f32>(plan.entryValue + e2),
      load<f32>(plan.entryValue + e3),
      bytes,
    );
    accumulate4(
      dW_enc,
      load<u32>(e, 4),
      load<u32>(e, 16),
      load<u32>(e, 28),
      load<u32>(e, 40),
      load<f32>(plan.entryPull + e0),
      load<f32>(plan.entryPull + e1),
      load<f32>(plan.entryPull + e2),
      load<f32>(plan.entryPull + e3),
      bytes,
    );
  }
  for (; e < to; e += LISTED) {
    const entry = load<u32>(e) * 4;
    accumulate(dW_dec, load<u32>(e, 8), load<f32>(plan.entryValue + entry), bytes);
    accumulate(dW_enc, load<u32>(e, 4), load<f32>(plan.entryPull + entry), bytes);
  }
}

/**
 * The gradients of a feature's scalars.
 *
 *   JUMPRELU  ∂L/∂θ = −θ/ε Σ_window r·W_dec,i − 1/ε Σ_window (∂L/∂L0)/B
 *   GATED     ∂L/∂b_gate = Σ ∂L/∂π   ∂L/∂b_mag = Σ ∂L/∂mag   ∂L/∂r_mag = Σ (∂L/∂mag) e^r z
 */
function addScalars(plan: Plan, i: u32, from: usize, to: usize, sums: Sums): void {
  const objective = plan.objective;
  let pull: f32 = 0;
  let count: u32 = 0;
  let gain: f32 = 0;
  let b_mag: f32 = 0;
  const bias: f32 = objective == GATED ? load<f32>(plan.b_mag + i * 4) : 0;
  for (let e = from; e < to; e += LISTED) {
    const entry = load<u32>(e) * 4;
    const f = load<f32>(plan.entryValue + entry);
    const second = (load<u32>(plan.entryKey + entry) & 1) != 0;
    pull += load<f32>(plan.entryPull + entry);
    if (f > 0 && (!second || objective == JUMPRELU)) count++;
    if (objective == JUMPRELU) {
      if (second) gain -= load<f32>(plan.gain + i * 4) * load<f32>(plan.entryOther + entry) + plan.l0Pull;
    } else if (objective == GATED) {
      const g = load<f32>(plan.entryOther + entry);
      b_mag += g;
      gain += g * (f - bias);
    }
  }
  sums.pull = pull;
  sums.count = count;
  sums.b_mag = b_mag;
  // ∂L/∂z = ∂L/∂π + e^r ∂L/∂mag.
  sums.b_enc = objective == GATED ? pull - <f32>Math.exp(load<f32>(plan.gain + i * 4)) * b_mag : pull;
  sums.gain = objective == JUMPRELU ? gain / plan.bandwidth : gain;
}

/** Λ/B Σ f · W_dec,i/‖W_dec,i‖: what a weight of ‖W_dec,i‖ on f adds to the decoder's gradient. */
function addNormPenalty(plan: Plan, i: u32, from: usize, to: usize, dW_dec: usize, bytes: u32): void {
  let activity: f32 = 0;
  for (let e = from; e < to; e += LISTED) activity += load<f32>(plan.entryValue + load<u32>(e) * 4);
  const norm = load<f32>(plan.decoderNorm + i * 4);
  if (norm > 0) accumulate(dW_dec, plan.W_dec + i * bytes, (plan.sparsity * activity) / norm, bytes);
}

/**
 * The same update from gradients that the dense graph has computed: dW_enc, dW_dec [BLOCK, d_in], and for each feature
 * Σ ∂L/∂z, the gradients of its scalars and the number of rows it fired on [BLOCK], all starting at the block's first feature.
 */
export function updateDense(
  plan: Plan,
  block: u32,
  dW_enc: usize,
  dW_dec: usize,
  pulls: usize,
  db_enc: usize,
  dgain: usize,
  db_mag: usize,
  counts: usize,
  scratch: usize,
): void {
  const bytes: u32 = plan.rowBytes;
  const first = block * BLOCK;
  const size = min(BLOCK, plan.features - first);
  const sums = changetype<Sums>(scratch);
  const pull = plan.blockPull + block * bytes;
  memory.fill(pull, 0, bytes);
  store<u32>(plan.blockBroken + block * 4, 0);
  for (let j: u32 = 0; j < size; j++) {
    sums.pull = load<f32>(pulls + j * 4);
    sums.b_enc = load<f32>(db_enc + j * 4);
    sums.gain = load<f32>(dgain + j * 4);
    sums.b_mag = load<f32>(db_mag + j * 4);
    sums.count = <u32>load<f32>(counts + j * 4);
    updateFeature(plan, block, first + j, dW_enc + j * bytes, dW_dec + j * bytes, sums, pull);
  }
}

/** Lists the block's entries feature by feature, rows ascending. */
function gather(plan: Plan, block: u32, chunks: u32, starts: usize, list: usize): void {
  const bytes: u32 = plan.rowBytes;
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
  const second = plan.residual + plan.groups * plan.slotBytes;
  for (let chunk: u32 = 0; chunk < chunks; chunk++) {
    const bounds = plan.blockStart + (chunk * (plan.blocks + 1) + block) * 4;
    const base = chunk * plan.capacity;
    let group: u32 = 0;
    for (let e = base + load<u32>(bounds), end = base + load<u32>(bounds, 4); e < end; e++) {
      const i = load<u32>(plan.entryFeature + e * 4);
      while (group + 1 < plan.groups && i >= groupEnd(plan, group)) group++;
      const key = load<u32>(plan.entryKey + e * 4);
      const row = (chunk * CHUNK + (key >> 1)) * bytes;
      const revived = (key & 1) != 0 && plan.objective != JUMPRELU;
      const at = starts + (i - first) * 4;
      const place = list + load<u32>(at) * LISTED;
      store<u32>(place, e);
      store<u32>(place, plan.input + row, 4);
      store<u32>(place, (revived ? second : plan.residual + group * plan.slotBytes) + row, 8);
      store<u32>(at, load<u32>(at) + 1);
    }
  }
  for (let j = BLOCK; j > 0; j--) store<u32>(starts + j * 4, load<u32>(starts + (j - 1) * 4));
  store<u32>(starts, 0);
}

/** One feature: its part of ∂L/∂b_dec through the encoder, projection, Adam on all that it has, norm. */
function updateFeature(
  plan: Plan,
  block: u32,
  i: u32,
  dW_enc: usize,
  dW_dec: usize,
  sums: Sums,
  pull: usize,
): void {
  const bytes: u32 = plan.rowBytes;
  const at = i * 4;
  const W_enc = plan.W_enc + i * bytes;
  const W_dec = plan.W_dec + i * bytes;
  const flags = plan.flags;
  if (sums.count > 0) {
    store<u32>(plan.fired + at, load<u32>(plan.fired + at) + sums.count);
    store<u32>(plan.last_fired + at, plan.step);
  }
  // Before W_enc moves: the gradient belongs to the parameters that made the forward pass.
  if (sums.pull != 0) accumulate(pull, W_enc, sums.pull, bytes);
  if (flags & PROJECT) {
    const along = dot(dW_dec, W_dec, bytes);
    if (along != 0) accumulate(dW_dec, W_dec, -along / dot(W_dec, W_dec, bytes), bytes);
  }
  if (flags & RENORMALISE_BEFORE) normalise(W_dec, bytes);
  adamRow(plan, W_enc, plan.W_enc_m + i * bytes, plan.W_enc_v + i * bytes, dW_enc, bytes);
  adamRow(plan, W_dec, plan.W_dec_m + i * bytes, plan.W_dec_v + i * bytes, dW_dec, bytes);
  if (flags & TRAIN_B_ENC) adamScalar(plan, plan.b_enc + at, plan.b_enc_m + at, plan.b_enc_v + at, sums.b_enc);
  let scalars = abs(load<f32>(plan.b_enc + at));
  if (plan.objective == JUMPRELU || plan.objective == GATED) {
    adamScalar(plan, plan.gain + at, plan.gain_m + at, plan.gain_v + at, sums.gain);
    // A threshold below 0 would let negative activations through.
    if (plan.objective == JUMPRELU && load<f32>(plan.gain + at) < 0) store<f32>(plan.gain + at, 0);
    scalars += abs(load<f32>(plan.gain + at));
  }
  if (plan.objective == GATED) {
    adamScalar(plan, plan.b_mag + at, plan.b_mag_m + at, plan.b_mag_v + at, sums.b_mag);
    scalars += abs(load<f32>(plan.b_mag + at));
  }
  const norm = flags & RENORMALISE_AFTER ? normalise(W_dec, bytes) : dot(W_dec, W_dec, bytes);
  if (flags & NORM_PENALTY) store<f32>(plan.decoderNorm + at, sqrt(norm));
  if (flags & SCREEN) quantiseFeature(plan, i);
  const size = norm + dot(W_enc, W_enc, bytes) + scalars;
  if (!(size < Infinity)) {
    const broken = plan.blockBroken + block * 4;
    store<u32>(broken, load<u32>(broken) + 1);
  }
}

/** What is derived from a block's parameters, after they were set from outside. */
export function refresh(plan: Plan, block: u32): void {
  const bytes: u32 = plan.rowBytes;
  const end = min((block + 1) * BLOCK, plan.features);
  for (let i = block * BLOCK; i < end; i++) {
    const W_dec = plan.W_dec + i * bytes;
    if (plan.flags & NORM_PENALTY) store<f32>(plan.decoderNorm + i * 4, sqrt(dot(W_dec, W_dec, bytes)));
    if (plan.flags & SCREEN) quantiseFeature(plan, i);
  }
}

/** Scales a row to norm 1, leaves a row of zeros alone, and returns the squared norm it had. */
function normalise(row: usize, bytes: u32): f32 {
  const squared = dot(row, row, bytes);
  if (squared > 0) scale(row, 1 / sqrt(squared), bytes);
  return squared;
}
