/**
 * From encoder products to the entries that may be active: pairs of a feature i and a row j with
 *
 *   z_ij > c_i + t_j        c_i = −b_i, for JumpReLU θ_i − ε/2 − b_i        t_j = the row's cut, 0 without TopK
 *
 * Products come one tile of features at a time, a feature's products with the rows of the chunk side by side. They are
 * float32, or integers of the eight-bit encoder (screen.ts), where a pair that may pass gets its float32 product here.
 */

import { clear, offer } from "./heap";
import { CHUNK, JUMPRELU, Plan, REVIVE, Scratch, TOPK } from "./plan";
import { SLACK } from "./screen";
import { dot, dot2 } from "./vector";

/** z above which feature `i` counts, on a row whose cut is 0. */
@inline
function featureCut(plan: Plan, i: u32): f32 {
  const b = load<f32>(plan.b_enc + i * 4);
  return plan.objective == JUMPRELU ? load<f32>(plan.gain + i * 4) - 0.5 * plan.bandwidth - b : -b;
}

@inline
function isDead(plan: Plan, i: u32): bool {
  return (plan.flags & REVIVE) != 0 && load<u32>(plan.last_fired + i * 4) < plan.deadBefore;
}

/** Lists what h = z + b_i > 0 is worth: the entry itself, and for a dead feature one of the second kind. */
@inline
function append(plan: Plan, s: Scratch, i: u32, row: u32, z: f32, c: f32, dead: bool): void {
  const h = z + load<f32>(plan.b_enc + i * 4);
  if (z > c + load<f32>(s.cut + row * 4)) {
    let kind: u32 = 0;
    if (plan.objective == JUMPRELU) {
      kind = abs(h - load<f32>(plan.gain + i * 4)) < 0.5 * plan.bandwidth ? 1 : 0;
    }
    put(s, i, row * 2 + kind, h);
    if (plan.objective == TOPK) offer(s.tops + row * plan.k * 4, plan.k, h);
  }
  if (dead) put(s, i, row * 2 + 1, h);
}

@inline
function put(s: Scratch, i: u32, key: u32, h: f32): void {
  const at = s.count * 4;
  store<u32>(s.feature + at, i);
  store<u32>(s.key + at, key);
  store<f32>(s.value + at, h);
  s.count++;
}

/** Candidates of features first … first + size − 1 from their float32 products. */
export function collectTile(plan: Plan, s: Scratch, rows: u32, first: u32, size: u32): void {
  for (let j: u32 = 0; j < size; j++) {
    const i = first + j;
    const c = featureCut(plan, i);
    const dead = isDead(plan, i);
    const cuts = dead ? s.none : s.cut;
    const base = f32x4.splat(c);
    const line = s.z + j * CHUNK * 4;
    for (let k: u32 = 0; k < CHUNK; k += 16) {
      const at = line + k * 4;
      const t = cuts + k * 4;
      const m0 = f32x4.gt(v128.load(at), f32x4.add(base, v128.load(t)));
      const m1 = f32x4.gt(v128.load(at, 16), f32x4.add(base, v128.load(t, 16)));
      const m2 = f32x4.gt(v128.load(at, 32), f32x4.add(base, v128.load(t, 32)));
      const m3 = f32x4.gt(v128.load(at, 48), f32x4.add(base, v128.load(t, 48)));
      // Most groups of 16 have no candidate.
      if (!v128.any_true(v128.or(v128.or(m0, m1), v128.or(m2, m3)))) continue;
      let mask = bits(m0, m1, m2, m3);
      for (; mask != 0; mask &= mask - 1) {
        const row = k + ctz(mask);
        // Rows beyond the end of the batch only fill the last chunk up.
        if (row >= rows) break;
        append(plan, s, i, row, load<f32>(line + row * 4), c, dead);
      }
    }
  }
  raiseCuts(plan, s, rows);
}

/** TopK: a row that has k candidates needs no more that are smaller than all of them. */
function raiseCuts(plan: Plan, s: Scratch, rows: u32): void {
  if (plan.objective != TOPK) return;
  for (let row: u32 = 0; row < rows; row++) {
    const at = row * 4;
    store<f32>(s.cut + at, max(load<f32>(s.cut + at), load<f32>(s.tops + row * plan.k * 4)));
  }
}

/** The same from integer products: what the bound cannot rule out gets its float32 product. */
export function screenTile(plan: Plan, s: Scratch, chunk: u32, rows: u32, first: u32, size: u32): u32 {
  const bytes: u32 = plan.rowBytes;
  const x = plan.input + chunk * CHUNK * bytes;
  let products: u32 = 0;
  for (let j: u32 = 0; j < size; j++) {
    const i = first + j;
    const c = featureCut(plan, i);
    const dead = isDead(plan, i);
    const cuts = dead ? s.none : s.rowCut;
    const inverse: f32 = 1 / load<f32>(plan.W_qScale + i * 4);
    const a = f32x4.splat((c - abs(c) * SLACK) * inverse);
    const b = f32x4.splat(inverse);
    const e = f32x4.splat(load<f32>(plan.W_qNorm + i * 4) * s.rowError);
    const line = s.z + j * CHUNK * 4;
    let count: u32 = 0;
    for (let k: u32 = 0; k < CHUNK; k += 16) {
      const at = k * 4;
      const m0 = misses(line + at, s.rowInverse + at, cuts + at, s.rowOffset + at, a, b, e);
      const m1 = misses(line + at + 16, s.rowInverse + at + 16, cuts + at + 16, s.rowOffset + at + 16, a, b, e);
      const m2 = misses(line + at + 32, s.rowInverse + at + 32, cuts + at + 32, s.rowOffset + at + 32, a, b, e);
      const m3 = misses(line + at + 48, s.rowInverse + at + 48, cuts + at + 48, s.rowOffset + at + 48, a, b, e);
      if (i32x4.all_true(v128.and(v128.and(m0, m1), v128.and(m2, m3)))) continue;
      for (let mask = bits(m0, m1, m2, m3) ^ 0xffff; mask != 0; mask &= mask - 1) {
        const row = k + ctz(mask);
        if (row >= rows) break;
        store<u32>(s.list + count * 4, row);
        count++;
      }
    }
    if (count == 0) continue;
    products += count;
    const w = plan.W_enc + i * bytes;
    let n: u32 = 0;
    for (; n + 2 <= count; n += 2) {
      const r0 = load<u32>(s.list + n * 4);
      const r1 = load<u32>(s.list + n * 4, 4);
      const z = dot2(w, x + r0 * bytes, x + r1 * bytes, bytes);
      consider(plan, s, i, r0, f32x4.extract_lane(z, 0), c, dead);
      consider(plan, s, i, r1, f32x4.extract_lane(z, 1), c, dead);
    }
    if (n < count) {
      const row = load<u32>(s.list + n * 4);
      consider(plan, s, i, row, dot(x + row * bytes, w, bytes), c, dead);
    }
  }
  raiseCuts(plan, s, rows);
  return products;
}

/** I ≤ c_i/(s τ) + t_j/(s τ) + shift_j − bound: four rows at once, everything in quanta. What is no number does not miss. */
@inline
function misses(line: usize, inverse: usize, cut: usize, offset: usize, a: v128, b: v128, e: v128): v128 {
  const least = f32x4.add(
    f32x4.add(f32x4.mul(v128.load(inverse), a), f32x4.mul(v128.load(cut), b)),
    f32x4.sub(v128.load(offset), e),
  );
  return f32x4.le(f32x4.convert_i32x4_s(v128.load(line)), least);
}

@inline
function consider(plan: Plan, s: Scratch, i: u32, row: u32, z: f32, c: f32, dead: bool): void {
  const t: f32 = dead ? 0 : load<f32>(s.cut + row * 4);
  if (z > c + t) append(plan, s, i, row, z, c, dead);
}

@inline
function bits(m0: v128, m1: v128, m2: v128, m3: v128): u32 {
  return (
    i32x4.bitmask(m0) | (i32x4.bitmask(m1) << 4) | (i32x4.bitmask(m2) << 8) | (i32x4.bitmask(m3) << 12)
  );
}

/**
 * Cuts for TopK, from the first tile alone: a row's `rank`-th largest h among the tile's features, at least 0. With a rank
 * somewhat above the tile's share of k, hardly a row has fewer than k entries above its cut; `select` notices when one has.
 */
export function guessCuts(plan: Plan, s: Scratch, rows: u32, size: u32, rank: u32, screened: bool): void {
  for (let row: u32 = 0; row < CHUNK; row++) store<f32>(s.cut + row * 4, row < rows ? 0 : Infinity);
  if (plan.objective != TOPK) return;
  clear(s.tops, CHUNK * plan.k);
  if (rank == 0 || rank >= size) return;
  // A cut of −∞ until a row's heap is full.
  for (let row: u32 = 0; row < rows; row++) clear(s.heap + row * rank * 4, rank);
  for (let j: u32 = 0; j < size; j++) {
    const b = load<f32>(plan.b_enc + j * 4);
    const line = s.z + j * CHUNK * 4;
    const scale: f32 = screened ? load<f32>(plan.W_qScale + j * 4) : 0;
    for (let k: u32 = 0; k < CHUNK; k += 4) {
      const at = k * 4;
      const h = screened
        ? f32x4.add(
            f32x4.mul(
              f32x4.sub(f32x4.convert_i32x4_s(v128.load(line + at)), v128.load(s.rowShift + at)),
              f32x4.mul(v128.load(s.rowScale + at), f32x4.splat(scale)),
            ),
            f32x4.splat(b),
          )
        : f32x4.add(v128.load(line + at), f32x4.splat(b));
      for (let mask = i32x4.bitmask(f32x4.gt(h, v128.load(s.cut + at))); mask != 0; mask &= mask - 1) {
        const lane = ctz(mask);
        const row = k + lane;
        const heap = s.heap + row * rank * 4;
        offer(heap, rank, lane == 0 ? f32x4.extract_lane(h, 0) : lane == 1 ? f32x4.extract_lane(h, 1) : lane == 2 ? f32x4.extract_lane(h, 2) : f32x4.extract_lane(h, 3));
        store<f32>(s.cut + row * 4, max(<f32>0, load<f32>(heap)));
      }
    }
  }
}

/** The same cut for every row. */
export function setCuts(s: Scratch, rows: u32, cut: f32): void {
  for (let row: u32 = 0; row < CHUNK; row++) store<f32>(s.cut + row * 4, row < rows ? cut : Infinity);
}
