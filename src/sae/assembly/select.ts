/**
 * From candidates to the entries of a chunk: which of them are active under the objective, stored in order of feature.
 *
 *   RELU, JUMPRELU, GATED   all of them      TOPK   the k largest of a row      BATCH_TOPK   the k·batch largest of the batch
 *
 * Of equal values the one with the smaller feature stays.
 */

import { clear, offer, ties } from "./heap";
import { BATCH_TOPK, BLOCK, CHUNK, GATED, JUMPRELU, Plan, REVIVE, Scratch, TOPK } from "./plan";

/** Counting sort of entries by key: `order` lists them, those of key q at [starts[q], starts[q+1]). */
export function sortByKey(keys: usize, count: u32, size: u32, order: usize, starts: usize): void {
  memory.fill(starts, 0, (size + 1) * 4);
  for (let e: u32 = 0; e < count; e++) {
    const at = starts + (load<u32>(keys + e * 4) + 1) * 4;
    store<u32>(at, load<u32>(at) + 1);
  }
  for (let q: u32 = 0; q < size; q++) {
    store<u32>(starts + (q + 1) * 4, load<u32>(starts + (q + 1) * 4) + load<u32>(starts + q * 4));
  }
  // Placing shifts every start to its key's end; moving back down restores it.
  for (let e: u32 = 0; e < count; e++) {
    const at = starts + load<u32>(keys + e * 4) * 4;
    const place = load<u32>(at);
    store<u32>(order + place * 4, e);
    store<u32>(at, place + 1);
  }
  for (let q = size; q > 0; q--) store<u32>(starts + q * 4, load<u32>(starts + (q - 1) * 4));
  store<u32>(starts, 0);
}

/** The chunk has no room for its entries; a row had fewer than k candidates though its cut was above 0. */
const FULL: i32 = -1;
const SHORT: i32 = -2;

/** Stores the active candidates of a chunk. @returns their number, FULL or SHORT */
export function select(plan: Plan, s: Scratch, chunk: u32, rows: u32): i32 {
  const limited = plan.objective == TOPK || (plan.flags & REVIVE) != 0;
  if (limited && !rank(plan, s, rows)) return SHORT;
  const starts = plan.blockStart + chunk * (plan.blocks + 1) * 4;
  const offset = chunk * plan.capacity * 4;
  let block: u32 = 0;
  let count: u32 = 0;
  for (let e: u32 = 0; e < s.count; e++) {
    const i = load<u32>(s.feature + e * 4);
    const key = load<u32>(s.key + e * 4);
    const h = load<f32>(s.value + e * 4);
    if (limited && !stays(s, key, h)) continue;
    if (count == plan.capacity) return FULL;
    for (; block * BLOCK <= i; block++) store<u32>(starts + block * 4, count);
    const at = offset + count * 4;
    store<u32>(plan.entryFeature + at, i);
    store<u32>(plan.entryKey + at, key);
    store<f32>(plan.entryValue + at, activation(plan, i, h));
    if (plan.objective == GATED) store<f32>(plan.entryOther + at, h);
    count++;
  }
  for (; block <= plan.blocks; block++) store<u32>(starts + block * 4, count);
  return count;
}

/** f of an entry whose pre-activation is `h`; for GATED h is π. */
@inline
function activation(plan: Plan, i: u32, h: f32): f32 {
  if (plan.objective == JUMPRELU) return h > load<f32>(plan.gain + i * 4) ? h : 0;
  if (plan.objective == GATED) {
    const z = h - load<f32>(plan.b_enc + i * 4);
    const gain = <f32>Math.exp(load<f32>(plan.gain + i * 4));
    return max(<f32>0, gain * z + load<f32>(plan.b_mag + i * 4));
  }
  return h;
}

/** Finds, for each row and kind, the smallest value that stays. @returns false when a row is short of candidates */
function rank(plan: Plan, s: Scratch, rows: u32): bool {
  sortByKey(s.key, s.count, 2 * CHUNK, s.order, s.starts);
  for (let key: u32 = 0; key < 2 * rows; key++) {
    const second = (key & 1) != 0;
    // BATCH_TOPK cuts entries of the first kind later, over the whole batch.
    const keep = second ? plan.kAux : plan.objective == TOPK ? plan.k : u32.MAX_VALUE;
    const from = load<u32>(s.starts + key * 4);
    const to = load<u32>(s.starts + key * 4, 4);
    store<f32>(s.least + key * 4, -Infinity);
    store<u32>(s.ties + key * 4, 0);
    if (to - from <= keep) {
      if (!second && plan.objective == TOPK && to - from < keep && load<f32>(s.cut + (key >> 1) * 4) > 0) return false;
      continue;
    }
    clear(s.heap, keep);
    for (let e = from; e < to; e++) offer(s.heap, keep, load<f32>(s.value + load<u32>(s.order + e * 4) * 4));
    store<f32>(s.least + key * 4, load<f32>(s.heap));
    store<u32>(s.ties + key * 4, ties(s.heap, keep));
  }
  return true;
}

@inline
function stays(s: Scratch, key: u32, h: f32): bool {
  const least = load<f32>(s.least + key * 4);
  if (h != least) return h > least;
  const left = load<u32>(s.ties + key * 4);
  if (left == 0) return false;
  store<u32>(s.ties + key * 4, left - 1);
  return true;
}

/**
 * The `wanted`-th largest f of the whole batch, by its bits: a positive float's order is that of its bits. 0 when there are
 * not so many entries. `counts` is scratch of 4096 words.
 */
export function batchThreshold(plan: Plan, chunks: u32, wanted: u32, counts: usize): f32 {
  let prefix: u32 = 0;
  let left = wanted;
  // Bits 31–20, 19–8, 7–0, the leading ones first.
  for (let part: u32 = 0; part < 3; part++) {
    const shift: u32 = part == 0 ? 20 : part == 1 ? 8 : 0;
    const width: u32 = part == 2 ? 256 : 4096;
    memory.fill(counts, 0, width * 4);
    for (let chunk: u32 = 0; chunk < chunks; chunk++) {
      const base = chunk * plan.capacity;
      const size = load<u32>(plan.blockStart + (chunk * (plan.blocks + 1) + plan.blocks) * 4);
      for (let e = base; e < base + size; e++) {
        if (load<u32>(plan.entryKey + e * 4) & 1) continue;
        const b = load<u32>(plan.entryValue + e * 4);
        if (part > 0 && b >>> (part == 1 ? 20 : 8) != prefix) continue;
        const at = counts + ((b >>> shift) & (width - 1)) * 4;
        store<u32>(at, load<u32>(at) + 1);
      }
    }
    let digit: i32 = <i32>width - 1;
    for (; digit >= 0; digit--) {
      const count = load<u32>(counts + digit * 4);
      if (count >= left) break;
      left -= count;
    }
    if (digit < 0) return 0;
    prefix = part == 2 ? (prefix << 8) | digit : part == 1 ? (prefix << 12) | digit : digit;
  }
  return reinterpret<f32>(prefix);
}

/** Drops a chunk's entries of the first kind below `least`. @returns how many entries are left */
export function dropBelow(plan: Plan, chunk: u32, least: f32): u32 {
  const starts = plan.blockStart + chunk * (plan.blocks + 1) * 4;
  const offset = chunk * plan.capacity * 4;
  const size = load<u32>(starts + plan.blocks * 4);
  let block: u32 = 0;
  let count: u32 = 0;
  for (let e: u32 = 0; e < size; e++) {
    const from = offset + e * 4;
    const key = load<u32>(plan.entryKey + from);
    const f = load<f32>(plan.entryValue + from);
    if (!(key & 1) && f < least) continue;
    const i = load<u32>(plan.entryFeature + from);
    for (; block * BLOCK <= i; block++) store<u32>(starts + block * 4, count);
    const to = offset + count * 4;
    store<u32>(plan.entryFeature + to, i);
    store<u32>(plan.entryKey + to, key);
    store<f32>(plan.entryValue + to, f);
    count++;
  }
  for (; block <= plan.blocks; block++) store<u32>(starts + block * 4, count);
  return count;
}
