/**
 * Permutation tests of a difference of means: how often chance alone does as much.
 *
 *     between groups   labels are shuffled, within strata where there are any (Fisher 1935)
 *     of pairs         the signs of the differences are drawn anew
 *
 *     p = (1 + as far from 0 or further) / (1 + permutations)        the data themselves are one of the permutations
 */

import { Random } from "../random.ts";

export interface PermutationOptions {
  readonly seed: number;
  /** Default 10,000. */
  readonly permutations?: number;
}

export interface PermutationTest {
  readonly difference: number;
  /** Two-sided. */
  readonly p: number;
}

/** Further from 0 by less than this share of the difference is rounding. */
const ROUNDING = 1e-12;

/**
 * Mean of the values with `isFirst` less that of the others. Null where one side is empty.
 * @param strata of each value: only values of one stratum change places
 */
export function differenceTest(
  values: ArrayLike<number>,
  isFirst: readonly boolean[],
  {
    seed,
    permutations = 10_000,
    strata,
  }: PermutationOptions & { readonly strata?: readonly (string | number)[] },
): PermutationTest | null {
  const first = isFirst.filter(Boolean).length;
  const others = isFirst.length - first;
  if (values.length !== isFirst.length) throw new Error(`${values.length} values, ${isFirst.length} labels`);
  if (first === 0 || others === 0) return null;
  const total = Array.from(values).reduce((sum, value) => sum + value, 0);
  const difference = (labels: readonly boolean[]) => {
    let sum = 0;
    for (let i = 0; i < labels.length; i++) if (labels[i]) sum += values[i]!;
    return sum / first - (total - sum) / others;
  };
  const members = new Map<string | number, number[]>();
  isFirst.forEach((_, i) => {
    const stratum = strata?.[i] ?? "";
    members.set(stratum, [...(members.get(stratum) ?? []), i]);
  });
  const random = Random.of(seed, "permutation");
  const labels = [...isFirst];
  return tested(difference(isFirst), permutations, () => {
    for (const indices of members.values()) {
      const shuffled = random.shuffle(indices.map((i) => isFirst[i]!));
      indices.forEach((i, k) => (labels[i] = shuffled[k]!));
    }
    return difference(labels);
  });
}

/** Mean of the differences of pairs. Null of nothing. */
export function pairedTest(
  differences: ArrayLike<number>,
  { seed, permutations = 10_000 }: PermutationOptions,
): PermutationTest | null {
  if (differences.length === 0) return null;
  const random = Random.of(seed, "sign flips");
  const mean = (sign: () => number) => {
    let sum = 0;
    for (let i = 0; i < differences.length; i++) sum += sign() * differences[i]!;
    return sum / differences.length;
  };
  return tested(
    mean(() => 1),
    permutations,
    () => mean(() => (random.bits() >>> 31 === 1 ? 1 : -1)),
  );
}

function tested(difference: number, permutations: number, draw: () => number): PermutationTest {
  const bar = Math.abs(difference) * (1 - ROUNDING);
  let asFar = 1;
  for (let i = 0; i < permutations; i++) if (Math.abs(draw()) >= bar) asFar++;
  return { difference, p: asFar / (permutations + 1) };
}
