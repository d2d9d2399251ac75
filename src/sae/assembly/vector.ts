/** Loops over rows of floats, 16 at a time. `bytes` is the length of a row and a multiple of 64. */

@inline
export function sumLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

@inline
function madd(acc: v128, a: v128, x: v128): v128 {
  return f32x4.add(acc, f32x4.mul(a, x));
}

/** y += a·x */
export function accumulate(y: usize, x: usize, a: f32, bytes: u32): void {
  const s = f32x4.splat(a);
  for (const end = y + bytes; y < end; y += 64, x += 64) {
    v128.store(y, madd(v128.load(y), s, v128.load(x)), 0);
    v128.store(y, madd(v128.load(y, 16), s, v128.load(x, 16)), 16);
    v128.store(y, madd(v128.load(y, 32), s, v128.load(x, 32)), 32);
    v128.store(y, madd(v128.load(y, 48), s, v128.load(x, 48)), 48);
  }
}

/** y += a₀x₀ + a₁x₁ + a₂x₂ + a₃x₃: four at once, so that y is read and written a quarter as often. */
export function accumulate4(
  y: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  a0: f32,
  a1: f32,
  a2: f32,
  a3: f32,
  bytes: u32,
): void {
  const s0 = f32x4.splat(a0);
  const s1 = f32x4.splat(a1);
  const s2 = f32x4.splat(a2);
  const s3 = f32x4.splat(a3);
  for (let k: u32 = 0; k < bytes; k += 32) {
    let u = v128.load(y + k);
    let v = v128.load(y + k, 16);
    u = madd(u, s0, v128.load(x0 + k));
    v = madd(v, s0, v128.load(x0 + k, 16));
    u = madd(u, s1, v128.load(x1 + k));
    v = madd(v, s1, v128.load(x1 + k, 16));
    u = madd(u, s2, v128.load(x2 + k));
    v = madd(v, s2, v128.load(x2 + k, 16));
    u = madd(u, s3, v128.load(x3 + k));
    v = madd(v, s3, v128.load(x3 + k, 16));
    v128.store(y + k, u);
    v128.store(y + k, v, 16);
  }
}

/** x · y */
export function dot(x: usize, y: usize, bytes: u32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  for (const end = x + bytes; x < end; x += 64, y += 64) {
    s0 = madd(s0, v128.load(x), v128.load(y));
    s1 = madd(s1, v128.load(x, 16), v128.load(y, 16));
    s2 = madd(s2, v128.load(x, 32), v128.load(y, 32));
    s3 = madd(s3, v128.load(x, 48), v128.load(y, 48));
  }
  return sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

/** w·x₀ and w·x₁ as the first two lanes: w is read once, and each sum has the bits that `dot` gives it. */
export function dot2(w: usize, x0: usize, x1: usize, bytes: u32): v128 {
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let a3 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let b2 = f32x4.splat(0);
  let b3 = f32x4.splat(0);
  for (const end = w + bytes; w < end; w += 64, x0 += 64, x1 += 64) {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    const w2 = v128.load(w, 32);
    const w3 = v128.load(w, 48);
    a0 = madd(a0, v128.load(x0), w0);
    b0 = madd(b0, v128.load(x1), w0);
    a1 = madd(a1, v128.load(x0, 16), w1);
    b1 = madd(b1, v128.load(x1, 16), w1);
    a2 = madd(a2, v128.load(x0, 32), w2);
    b2 = madd(b2, v128.load(x1, 32), w2);
    a3 = madd(a3, v128.load(x0, 48), w3);
    b3 = madd(b3, v128.load(x1, 48), w3);
  }
  const a = sumLanes(f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3)));
  const b = sumLanes(f32x4.add(f32x4.add(b0, b1), f32x4.add(b2, b3)));
  return f32x4(a, b, 0, 0);
}

/** y = a·y */
export function scale(y: usize, a: f32, bytes: u32): void {
  const s = f32x4.splat(a);
  for (const end = y + bytes; y < end; y += 16) v128.store(y, f32x4.mul(v128.load(y), s));
}
