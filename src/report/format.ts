/**
 * How numbers look in the report: four significant digits, thousands separated, shares as percent, one style everywhere.
 */

const DIGITS = 4;
const SPACE = "\u202f"; // narrow, does not break

/** 3.142, 1,234, 0.001230, 1.907 × 10⁻⁶; "–" for what is not defined. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-3) return scientific(value);
  const decimals = Math.max(0, DIGITS - 1 - exponentOf(size));
  return minus(grouped(value, decimals));
}

/** 0.8312 → 83.12 %. */
export function formatPercent(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return `0${SPACE}%`;
  const percent = 100 * value;
  const decimals = Math.min(4, Math.max(0, DIGITS - 1 - exponentOf(Math.abs(percent))));
  return `${minus(grouped(percent, decimals))}${SPACE}%`;
}

/** 83.95 – 84.67 %: the unit once. */
export function formatRange(
  [low, high]: readonly [number, number],
  format: (value: number) => string,
): string {
  const [from, to] = [format(low), format(high)];
  const unit = `${SPACE}%`;
  return `${from.endsWith(unit) && to.endsWith(unit) ? from.slice(0, -unit.length) : from} – ${to}`;
}

/** Somebody's words on a line of a terminal: without what would break the line, or command the terminal. */
export function onOneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, " ");
}

/** A whole number in full: 4,096. */
export function formatCount(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? "–" : minus(grouped(value, 0));
}

/** A large count in words one can read at a glance: 5 million, 2.1 billion, 524,288. */
export function formatTokens(value: number): string {
  for (const [unit, name] of [
    [1e9, "billion"],
    [1e6, "million"],
  ] as const) {
    if (value >= unit) return `${Number((value / unit).toPrecision(3))}\u00a0${name}`;
  }
  return formatCount(value);
}

/** 42 s, 3 min 05 s, 2 h 07 min. */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 10) return `${Number(seconds.toPrecision(2))}${SPACE}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}${SPACE}s`;
  const two = (value: number) => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}${SPACE}min ${two(whole % 60)}${SPACE}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}${SPACE}h ${two(minutes % 60)}${SPACE}min`;
}

/** Binary units, as memory is sold: 3.41 GiB. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes)) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1024 ** power).toPrecision(3))}${SPACE}${units[power]}`;
}

/** 2026-03-01 14:05 UTC; the text itself when it is no date. */
export function formatTime(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** 10⁻⁴ */
export function powerOfTen(exponent: number): string {
  return exponent === 0 ? "1" : `10${superscript(exponent)}`;
}

/** `text` with every number tied to its percent sign, so that no line breaks between them. */
export function prose(text: string): string {
  return text.replace(/(\d) %/g, `$1${SPACE}%`);
}

function scientific(value: number): string {
  const [mantissa, exponent] = value.toExponential(DIGITS - 1).split("e") as [string, string];
  if (value === Number(`1e${exponent}`)) return powerOfTen(Number(exponent));
  return minus(`${mantissa}${SPACE}×${SPACE}10${superscript(Number(exponent))}`);
}

function superscript(exponent: number): string {
  return String(exponent).replace(/./g, (digit) => (digit === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]!));
}

/** The decimal exponent after rounding to the digits shown: 9.9999 rounds to 10.00. */
function exponentOf(size: number): number {
  return Number(size.toExponential(DIGITS - 1).split("e")[1]);
}

function grouped(value: number, decimals: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

function minus(text: string): string {
  return text.replace(/^-/, "−");
}
