/** Binary search in ascending rows. */

/** The place of the first of ascending `rows` that is at least `row`; their number when there is none. */
export function firstAtLeast(rows: Uint32Array | Int32Array, row: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]! < row) low = middle + 1;
    else high = middle;
  }
  return low;
}
