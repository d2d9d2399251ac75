/**
 * How far two series of numbers go together.
 *
 *     pearson     r = Σ w (x − x̄)(y − ȳ) / √(Σ w (x − x̄)² · Σ w (y − ȳ)²)        x̄ = Σ w x / Σ w; w = 1 unless given
 *     spearman    r of the ranks; equal values share the mean of their ranks
 *
 * Weighted ranks: the rank of a value is the weight of all smaller ones and half the weight of all equal ones. With weights of 1 these are
 * the ordinary mean ranks less ½, and with whole numbers those of a list in which each pair stands as many times as it weighs, so that
 * weighted Spearman is what it would be on text in which pairs are as common as they weigh.
 */

export interface Correlation {
  /** In [−1, 1]; 0 where it is not defined, as Bricken et al. 2023 count it. */
  readonly value: number;
  /** Whether one side was constant. */
  readonly degenerate: boolean;
}

type Numbers = ArrayLike<number>;

const NONE: Correlation = { value: 0, degenerate: true };

export function pearson(x: Numbers, y: Numbers, weights?: Numbers): Correlation {
  sameLength(x, y, weights);
  if (isConstant(x, weights) || isConstant(y, weights)) return NONE;
  const meanX = mean(x, weights);
  const meanY = mean(y, weights);
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = 0; i < x.length; i++) {
    const w = weights?.[i] ?? 1;
    const dx = x[i]! - meanX;
    const dy = y[i]! - meanY;
    xx += w * dx * dx;
    yy += w * dy * dy;
    xy += w * dx * dy;
  }
  const value = xy / Math.sqrt(xx * yy);
  return Number.isFinite(value) ? { value: Math.max(-1, Math.min(1, value)), degenerate: false } : NONE;
}

export function spearman(x: Numbers, y: Numbers, weights?: Numbers): Correlation {
  return pearson(midranks(x, weights), midranks(y, weights), weights);
}

/** Ranks from 1, equal values sharing theirs; with weights, as above. */
export function midranks(values: Numbers, weights?: Numbers): Float64Array {
  const sorted = Float64Array.from(values).sort();
  let count = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[count - 1]) sorted[count++] = sorted[i]!;
  }
  const levels = sorted.subarray(0, count);
  const level = new Uint32Array(values.length);
  const mass = new Float64Array(count);
  for (let i = 0; i < values.length; i++) {
    level[i] = placeOf(levels, values[i]!);
    mass[level[i]!]! += weights?.[i] ?? 1;
  }
  const rank = new Float64Array(count);
  let below = weights === undefined ? 0.5 : 0;
  for (let i = 0; i < count; i++) {
    rank[i] = below + mass[i]! / 2;
    below += mass[i]!;
  }
  return Float64Array.from(level, (i) => rank[i]!);
}

/** Σ w x / Σ w. */
export function mean(x: Numbers, weights?: Numbers): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < x.length; i++) {
    const w = weights?.[i] ?? 1;
    sum += w * x[i]!;
    total += w;
  }
  return sum / total;
}

/** Whether all values with any weight are the same; also when there are none. */
function isConstant(x: Numbers, weights?: Numbers): boolean {
  let first: number | undefined;
  for (let i = 0; i < x.length; i++) {
    if (weights !== undefined && !(weights[i]! > 0)) continue;
    first ??= x[i]!;
    if (x[i] !== first) return false;
  }
  return true;
}

/** Where ascending `levels` have `value`. */
function placeOf(levels: Float64Array, value: number): number {
  let low = 0;
  let high = levels.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (levels[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Throws where they are not equally many: a mistake of the caller. */
export function sameLength(x: Numbers, y: Numbers, weights?: Numbers): void {
  if (x.length !== y.length || (weights !== undefined && weights.length !== x.length)) {
    throw new Error(`${x.length} and ${y.length} values, ${weights?.length ?? "no"} weights`);
  }
}
