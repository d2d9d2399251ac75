/**
 * Activations as the integers that a language model reads and writes:
 *
 *     bricken-2023   min(9, ⌊10·f/m⌋)     m: the highest f on the side that is sampled
 *     bills-2023     min(10, ⌊10·f/m⌋)    m: the highest f of the records that are shown together
 *     delphi         min(10, ⌈10·f/m⌉)    m: the highest f on the side that is sampled; every active token is at least 1
 *
 * Bricken et al. 2023 say no more than "integers from 0 to 9": ten intervals of equal width are the reading in which 9 is as wide as the
 * others. f ≤ 0 is 0.
 */

export function floorTo(scale: 9 | 10, f: number, highest: number): number {
  return f > 0 && highest > 0 ? Math.min(scale, Math.floor((10 * f) / highest)) : 0;
}

export function ceilTo(scale: 10, f: number, highest: number): number {
  return f > 0 && highest > 0 ? Math.min(scale, Math.ceil((10 * f) / highest)) : 0;
}

export function highestOf(records: readonly ArrayLike<number>[]): number {
  let highest = 0;
  for (const record of records)
    for (let i = 0; i < record.length; i++) highest = Math.max(highest, record[i]!);
  return highest;
}
