/**
 * The half of a step that goes row by row: from active entries to reconstructions, residuals, and the gradient that reaches
 * each entry. For the plain objectives
 *
 *   x̂ = Σ f_i W_dec,i + b_dec   r = ∂L/∂x̂ = 2(x̂ − x)/B   ∂L/∂z_i = r·W_dec,i + Λ/B
 *
 * A feature that did not fire on a row has gradient exactly 0 there, so only active entries are ever visited. Objectives with
 * more than one reconstruction have one residual for each ("slot"): matryoshka one for each prefix, and a last one that
 * belongs to entries of the second kind (revived features) or to the gates of GATED.
 */

import { CENTRED, CHUNK, GATED, JUMPRELU, NORM_PENALTY, Plan, REVIVE, Scratch, STATS } from "./plan";
import { sortByKey } from "./select";
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

/** y += Σ values_e W_i(e) over the entries order[from … to). */
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

/** Number of residuals of a row. */
@inline
export function slotsOf(plan: Plan): u32 {
  return plan.groups + (plan.objective == GATED || (plan.flags & REVIVE) != 0 ? 1 : 0);
}

/** The first feature behind prefix `group`. */
@inline
export function groupEnd(plan: Plan, group: u32): u32 {
  return load<u32>(plan.groupEnds + group * 4);
}

/** Sorts a chunk's `count` entries by row and starts its rows' residuals at b_dec − x. */
export function beginRows(plan: Plan, s: Scratch, chunk: u32, rows: u32, count: u32, bias: bool): void {
  const bytes: u32 = plan.rowBytes;
  sortByKey(plan.entryKey + chunk * plan.capacity * 4, count, 2 * CHUNK, s.order, s.starts);
  for (let row: u32 = 0; row < rows; row++) {
    const at = (chunk * CHUNK + row) * bytes;
    const r = plan.residual + (plan.groups - 1) * plan.slotBytes + at;
    const x = plan.input + at;
    if (!bias) memory.fill(r, 0, bytes);
    else if (plan.flags & CENTRED) {
      // In terms of the encoder's input, which b_dec has been taken from.
      for (let k: u32 = 0; k < bytes; k += 16) v128.store(r + k, f32x4.neg(v128.load(x + k)));
    } else {
      for (let k: u32 = 0; k < bytes; k += 16) {
        v128.store(r + k, f32x4.sub(v128.load(plan.b_dec + k), v128.load(x + k)));
      }
    }
  }
}

/** Adds the active features of each of a chunk's rows to its residuals, for a dictionary in several memories. */
export function decode(plan: Plan, s: Scratch, chunk: u32, rows: u32): void {
  for (let row: u32 = 0; row < rows; row++) decodeEntries(plan, s, chunk, row);
}

/** From complete residuals to gradients, what reaches each entry, and the sums of the chunk. */
export function pullBack(plan: Plan, s: Scratch, chunk: u32, rows: u32, products: u32): void {
  const sums = beginSums(plan, s, chunk);
  for (let row: u32 = 0; row < rows; row++) pullEntries(plan, s, chunk, row, sums);
  storeSums(plan, chunk, sums, products);
}

/** Both for a dictionary in one memory: a row's decoder rows are then still in the cache when they are needed again. */
export function reconstruct(plan: Plan, s: Scratch, chunk: u32, rows: u32, products: u32): void {
  const sums = beginSums(plan, s, chunk);
  for (let row: u32 = 0; row < rows; row++) {
    decodeEntries(plan, s, chunk, row);
    pullEntries(plan, s, chunk, row, sums);
  }
  storeSums(plan, chunk, sums, products);
}

/** What the rows of a chunk add up to. */
@unmanaged
class RowSums {
  errors: f64;
  activity: f64;
  extra: f64;
  active: u32;
}

function beginSums(plan: Plan, s: Scratch, chunk: u32): RowSums {
  memory.fill(plan.chunkResidual + chunk * plan.rowBytes, 0, plan.rowBytes);
  const sums = changetype<RowSums>(s.heap);
  sums.errors = 0;
  sums.activity = 0;
  sums.extra = 0;
  sums.active = 0;
  return sums;
}

function storeSums(plan: Plan, chunk: u32, sums: RowSums, products: u32): void {
  const stats = plan.chunkStats + chunk * STATS * 8;
  store<f64>(stats, sums.errors);
  store<f64>(stats, sums.activity, 8);
  store<f64>(stats, <f64>sums.active, 16);
  store<f64>(stats, sums.extra, 32);
  store<f64>(stats, <f64>products, 40);
}

/** x̂ − x in the last prefix's slot, those of shorter prefixes in their own, and what the slot behind them holds. */
function decodeEntries(plan: Plan, s: Scratch, chunk: u32, row: u32): void {
  const bytes: u32 = plan.rowBytes;
  const offset = chunk * plan.capacity * 4;
  const features = plan.entryFeature + offset;
  const values = plan.entryValue + offset;
  const last = plan.groups - 1;
  const at = (chunk * CHUNK + row) * bytes;
  const y = plan.residual + last * plan.slotBytes + at;
  const from = load<u32>(s.starts + row * 8);
  // Entries of JUMPRELU's second kind are active ones inside the window.
  const to = load<u32>(s.starts + row * 8 + (plan.objective == JUMPRELU ? 8 : 4));
  if (plan.objective == GATED) {
    const gates = plan.residual + plan.groups * plan.slotBytes + at;
    memory.copy(gates, y, bytes);
    decodeRow(gates, plan.W_dec, s.order, from, to, features, plan.entryOther + offset, bytes);
  }
  let e = from;
  for (let group: u32 = 0; group < last; group++) {
    const begin = e;
    while (e < to && load<u32>(features + load<u32>(s.order + e * 4) * 4) < groupEnd(plan, group)) e++;
    decodeRow(y, plan.W_dec, s.order, begin, e, features, values, bytes);
    memory.copy(plan.residual + group * plan.slotBytes + at, y, bytes);
  }
  decodeRow(y, plan.W_dec, s.order, e, to, features, values, bytes);
  if (plan.flags & REVIVE) {
    // ê − (x − x̂): what the dead features make of the error.
    const revived = plan.residual + plan.groups * plan.slotBytes + at;
    memory.copy(revived, y, bytes);
    decodeRow(revived, plan.W_dec, s.order, to, load<u32>(s.starts + row * 8, 8), features, values, bytes);
  }
}

/** A row's residuals to gradients, its entries to what reaches them. */
function pullEntries(plan: Plan, s: Scratch, chunk: u32, row: u32, sums: RowSums): void {
  const bytes: u32 = plan.rowBytes;
  const offset = chunk * plan.capacity * 4;
  const features = plan.entryFeature + offset;
  const values = plan.entryValue + offset;
  const pulls = plan.entryPull + offset;
  const others = plan.entryOther + offset;
  const objective = plan.objective;
  const groups = plan.groups;
  const second = plan.residual + groups * plan.slotBytes;
  const at = (chunk * CHUNK + row) * bytes;
  const error = scaleError(plan.residual + (groups - 1) * plan.slotBytes + at, plan.errorScale, bytes);
  for (let group = groups - 1; group > 0; group--) {
    // A feature of a prefix is in all longer ones too: its residual is their sum.
    const shorter = plan.residual + (group - 1) * plan.slotBytes + at;
    scaleError(shorter, plan.errorScale, bytes);
    accumulate(shorter, shorter + plan.slotBytes, 1, bytes);
  }
  accumulate(plan.chunkResidual + chunk * bytes, plan.residual + at, 1, bytes);
  if (objective == GATED) sums.extra += scaleError(second + at, plan.errorScale, bytes);
  else if (plan.flags & REVIVE) sums.extra += scaleError(second + at, plan.auxScale, bytes);
  let l1: f32 = 0;
  let active: u32 = 0;
  let group: u32 = 0;
  for (let e = load<u32>(s.starts + row * 8), to = load<u32>(s.starts + row * 8, 8); e < to; e++) {
    const entry = load<u32>(s.order + e * 4) * 4;
    const i = load<u32>(features + entry);
    const f = load<f32>(values + entry);
    const W = plan.W_dec + i * bytes;
    const revived = (load<u32>(plan.entryKey + offset + entry) & 1) != 0 && objective != JUMPRELU;
    if (revived) {
      store<f32>(pulls + entry, dot(second + at, W, bytes));
      continue;
    }
    while (group + 1 < groups && i >= groupEnd(plan, group)) group++;
    let g = dot(plan.residual + group * plan.slotBytes + at, W, bytes);
    if (f > 0) active++;
    if (objective == GATED) {
      const gate = load<f32>(others + entry);
      l1 += gate;
      const magnitude: f32 = f > 0 ? g : 0;
      g = dot(second + at, W, bytes) + plan.sparsity + <f32>Math.exp(load<f32>(plan.gain + i * 4)) * magnitude;
      store<f32>(others + entry, magnitude);
    } else if (objective == JUMPRELU) {
      l1 += f;
      store<f32>(others + entry, g);
      if (f == 0) g = 0;
    } else {
      const weight: f32 = plan.flags & NORM_PENALTY ? load<f32>(plan.decoderNorm + i * 4) : 1;
      l1 += f * weight;
      g += plan.sparsity * weight;
    }
    store<f32>(pulls + entry, g);
  }
  const place = (chunk * CHUNK + row) * 4;
  store<f32>(plan.rowLoss + place, error);
  store<f32>(plan.rowL1 + place, l1);
  sums.errors += error;
  sums.activity += l1;
  sums.active += active;
}

/**
 * The dense path's share of `pullBack`: the graph has put Σ f_i W_dec,i of every row in its slot (GATED: and that of the gates
 * in the second), and each row's L1 term and number of active features in `l1` and `l0`.
 */
export function finishDense(plan: Plan, chunk: u32, rows: u32, l1: usize, l0: usize): void {
  const bytes: u32 = plan.rowBytes;
  const second = plan.groups * plan.slotBytes;
  const sum = plan.chunkResidual + chunk * bytes;
  memory.fill(sum, 0, bytes);
  let errors: f64 = 0;
  let extra: f64 = 0;
  let activity: f64 = 0;
  let active: f64 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    const at = chunk * CHUNK + row;
    const r = plan.residual + at * bytes;
    const error = scaleError(r, plan.errorScale, bytes);
    accumulate(sum, r, 1, bytes);
    if (plan.objective == GATED) {
      extra += scaleError(r + second, plan.errorScale, bytes);
    }
    store<f32>(plan.rowLoss + at * 4, error);
    store<f32>(plan.rowL1 + at * 4, load<f32>(l1 + row * 4));
    errors += error;
    activity += load<f32>(l1 + row * 4);
    active += load<f32>(l0 + row * 4);
  }
  const stats = plan.chunkStats + chunk * STATS * 8;
  store<f64>(stats, errors);
  store<f64>(stats, activity, 8);
  store<f64>(stats, active, 16);
  store<f64>(stats, extra, 32);
  store<f64>(stats, 0, 40);
}

/** Adds b_dec − x to what the dense graph has decoded. */
export function addBias(plan: Plan, chunk: u32, rows: u32): void {
  const bytes: u32 = plan.rowBytes;
  const slots = slotsOf(plan);
  for (let row: u32 = 0; row < rows; row++) {
    const at = (chunk * CHUNK + row) * bytes;
    for (let slot: u32 = 0; slot < slots; slot++) {
      const r = plan.residual + slot * plan.slotBytes + at;
      // In terms of the encoder's input, which b_dec has been taken from when it is centred.
      accumulate(r, plan.input + at, -1, bytes);
      if (!(plan.flags & CENTRED)) accumulate(r, plan.b_dec, 1, bytes);
    }
  }
}

/** Scales an error to a gradient and returns its ‖·‖². */
@inline
function scaleError(r: usize, factor: f32, bytes: u32): f32 {
  const s = f32x4.splat(factor);
  let squares = f32x4.splat(0);
  for (let k: u32 = 0; k < bytes; k += 16) {
    const e = v128.load(r + k);
    squares = f32x4.add(squares, f32x4.mul(e, e));
    v128.store(r + k, f32x4.mul(e, s));
  }
  return sumLanes(squares);
}
