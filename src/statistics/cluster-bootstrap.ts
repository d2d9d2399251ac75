/**
 * Bootstrap over clusters: observations that belong together (seeds of one configuration, tokens of one document) are drawn together.
 * Drawing them one by one would take repeats for news, and give intervals that are too narrow.
 */

import { Random } from "../random.ts";

/** Which observations each cluster has, in the order in which clusters first appear; without names each is its own. */
export function clustersOf(
  count: number,
  names?: ArrayLike<string | number> | readonly (string | number)[],
): number[][] {
  if (names === undefined) return Array.from({ length: count }, (_, i) => [i]);
  if (names.length !== count) throw new Error(`${count} observations, ${names.length} names of clusters`);
  const members = new Map<string | number, number[]>();
  for (let i = 0; i < count; i++) {
    const known = members.get(names[i]!);
    if (known === undefined) members.set(names[i]!, [i]);
    else known.push(i);
  }
  return [...members.values()];
}

/** As many clusters as there are, with replacement, `replicates` times; every draw as the observations that it brings. */
export function* clusterDraws(
  clusters: readonly (readonly number[])[],
  replicates: number,
  seed: number,
  purpose: string,
): Generator<number[]> {
  const random = Random.of(seed, `cluster bootstrap ${purpose}`);
  for (let replicate = 0; replicate < replicates; replicate++) {
    const drawn: number[] = [];
    for (let i = 0; i < clusters.length; i++) drawn.push(...clusters[random.integer(clusters.length)]!);
    yield drawn;
  }
}
