/** How the answers to a simulator's and its judges' requests were: part of what is known about each score. */

export interface Tally {
  /** Requests for one more try at values that were missing. */
  repairs: number;
  /** Requests that got no answer at all, refused ones, and answers that were cut at their longest. */
  failedRequests: number;
  refusals: number;
  cut: number;
  /** Values that came back. */
  values: number;
  /** Of these expected values; the others are the integers as written. */
  expected: number;
  /** Of the expected values those that less than 0.9 of the probability stands behind. */
  doubtful: number;
  /** Sum of that probability over expected values. */
  kept: number;
  /** Prompts whose places for values were not found among the endpoint's tokens. */
  lostPlaces: number;
}

export function newTally(): Tally {
  return {
    repairs: 0,
    failedRequests: 0,
    refusals: 0,
    cut: 0,
    values: 0,
    expected: 0,
    doubtful: 0,
    kept: 0,
    lostPlaces: 0,
  };
}

/** Adds one tally to another. */
export function addTally(sum: Tally, other: Readonly<Tally>): void {
  for (const key of Object.keys(sum) as (keyof Tally)[]) sum[key] += other[key];
}
