/** A number with how sure it is. */

import type { Interval } from "./quantiles.ts";

export interface Estimate {
  readonly value: number;
  /** 95 %; null where the data cannot say. */
  readonly interval: Interval | null;
}

/** An estimate with a test of whether it is 0. */
export interface TestedEstimate extends Estimate {
  /** Null where the interval is. */
  readonly standardError: number | null;
  /** Two-sided, not corrected for how many tests there are. */
  readonly p: number | null;
}

/** Whether the interval is there and leaves out 0. */
export function leavesOutZero({ interval }: Estimate): boolean {
  return interval !== null && (interval[0] > 0 || interval[1] < 0);
}
