/**
 * Kendall's τ-b: agreeing less disagreeing pairs, over the pairs that are tied in neither.
 *
 *     τ_b = (C − D) / √((P − T_x)(P − T_y))        P = n(n − 1)/2 pairs, T pairs with equal values
 *
 * In n log n by counting the exchanges of a merge sort (Knight 1966).
 */

import { type Correlation, sameLength } from "./correlation.ts";

type Numbers = ArrayLike<number>;

/** Degenerate, with value 0, when one side is constant. */
export function kendall(x: Numbers, y: Numbers): Correlation {
  sameLength(x, y);
  const n = x.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((i, j) => x[i]! - x[j]! || y[i]! - y[j]!);
  const tiedX = ties(n, (k) => x[order[k]!] === x[order[k - 1]!]);
  const tiedBoth = ties(n, (k) => x[order[k]!] === x[order[k - 1]!] && y[order[k]!] === y[order[k - 1]!]);
  const values = Float64Array.from(order, (i) => y[i]!);
  const discordant = sortCounting(values);
  const tiedY = ties(n, (k) => values[k] === values[k - 1]);
  const pairs = (n * (n - 1)) / 2;
  const scale = Math.sqrt((pairs - tiedX) * (pairs - tiedY));
  if (!(scale > 0)) return { value: 0, degenerate: true };
  const excess = pairs - tiedX - tiedY + tiedBoth - 2 * discordant;
  return { value: Math.max(-1, Math.min(1, excess / scale)), degenerate: false };
}

/** Pairs within runs of neighbours that are the same. */
function ties(n: number, sameAsBefore: (k: number) => boolean): number {
  let pairs = 0;
  let run = 0;
  for (let k = 1; k < n; k++) {
    run = sameAsBefore(k) ? run + 1 : 0;
    pairs += run;
  }
  return pairs;
}

/** Sorts ascending, and says how many pairs stood the wrong way round. */
function sortCounting(values: Float64Array): number {
  let exchanges = 0;
  let from = values;
  let to: Float64Array = new Float64Array(values.length);
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length);
      const end = Math.min(start + 2 * width, values.length);
      let [left, right] = [start, middle];
      for (let at = start; at < end; at++) {
        if (left < middle && (right >= end || from[left]! <= from[right]!)) to[at] = from[left++]!;
        else {
          to[at] = from[right++]!;
          exchanges += middle - left;
        }
      }
    }
    [from, to] = [to, from];
  }
  if (from !== values) values.set(from);
  return exchanges;
}
