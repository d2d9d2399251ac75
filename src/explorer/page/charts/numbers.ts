/** Numbers as the page shows them: fewer digits than a report, since they are compared at a glance. */

import { formatNumber, formatPercent } from "../../../report/format.ts";

const SPACE = "\u202f"; // narrow, does not break

/** Three significant digits: 7.71, 0.0560, 1,240; very small ones as powers of ten. */
export function brief(value: number, digits = 3): string {
  if (!Number.isFinite(value) || value === 0) return formatNumber(value);
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-4) return formatNumber(Number(value.toPrecision(digits)));
  return significant(value, digits);
}

/** A share in percent: 43 %, 0.23 %, 0.00031 %. */
export function briefPercent(share: number, digits = 2): string {
  if (!Number.isFinite(share) || share === 0) return formatPercent(share);
  return `${significant(100 * share, digits)}${SPACE}%`;
}

/** With its sign, as changes have: +0.93, −1.40. */
export function signed(value: number, digits = 3): string {
  const text = brief(value, digits);
  return value > 0 ? `+${text}` : text;
}

function significant(value: number, digits: number): string {
  const exponent = Number(
    Math.abs(value)
      .toExponential(digits - 1)
      .split("e")[1],
  );
  const decimals = Math.max(0, digits - 1 - exponent);
  const text = value.toLocaleString("en-US", {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return text.replace(/^-/, "−");
}
