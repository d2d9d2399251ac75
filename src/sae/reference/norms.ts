/**
 * Decoder rows of norm 1: the gradient's part along each row is removed before Adam, and norms are restored (Bricken et
 * al. 2023). Without it an L1 penalty is met by small f and large v.
 */

/** ‖row‖ of each row of W [d_sae, d_in]. */
export function rowNorms(W: Float64Array, d_in: number): Float64Array {
  const squares = new Float64Array(W.length / d_in);
  for (let k = 0; k < W.length; k++) squares[Math.floor(k / d_in)]! += W[k]! ** 2;
  return squares.map(Math.sqrt);
}

/** Removes from each row of `gradient` its component along the same row of `W`. */
export function projectOut(gradient: Float64Array, W: Float64Array, d_in: number): void {
  for (let start = 0; start < W.length; start += d_in) {
    let [along, squared] = [0, 0];
    for (let k = start; k < start + d_in; k++) {
      along += gradient[k]! * W[k]!;
      squared += W[k]! ** 2;
    }
    for (let k = start; k < start + d_in; k++) gradient[k]! -= (along / squared) * W[k]!;
  }
}

/** Scales each row of W to norm 1. */
export function normaliseRows(W: Float64Array, d_in: number): void {
  const norms = rowNorms(W, d_in);
  for (let k = 0; k < W.length; k++) W[k]! /= norms[Math.floor(k / d_in)]!;
}
