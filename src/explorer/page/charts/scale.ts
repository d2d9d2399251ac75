/** Axes of the small drawings: round numbers along them. */

/** From 0 to about `count` round steps, none beyond `max`. */
export function ticks(max: number, count: number): readonly number[] {
  if (!(max > 0) || !Number.isFinite(max)) return [0];
  const step = roundStep(max / count);
  const found: number[] = [];
  for (let at = 0; at * step <= max * (1 + 1e-9); at++) found.push(Number((at * step).toPrecision(12)));
  return found;
}

/** Round numbers within [low, high]. */
export function ticksBetween(low: number, high: number, count: number): readonly number[] {
  if (!(high > low)) return [low];
  const step = roundStep((high - low) / count);
  const found: number[] = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++)
    found.push(Number((at * step).toPrecision(12)));
  return found;
}

/** 1, 10, 100 … up to `max`, every second or third one when there are many. */
export function powers(max: number, most: number): readonly number[] {
  const last = max < 1 ? 0 : Math.floor(Math.log10(max) + 1e-9);
  const step = Math.ceil((last + 1) / most);
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, at) => 10 ** (at * step));
}

/** The smallest of 1, 2, 2.5, 5 × 10ⁿ that is not below `least`. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => step >= least * (1 - 1e-9))!;
}
