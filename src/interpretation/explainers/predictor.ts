/** An explanation as a function: what it says f is at each token of a text. */

import type { Verdict } from "../protocols/task.ts";

export interface Predictor {
  /** f at each token of a sequence, from the tokens alone: [ids]. */
  predict(ids: readonly number[]): Float64Array;
  /** Whether the unit makes a token likelier as the next one, as far as the explanation implies it. Absent where it says nothing of that. */
  readonly plausible?: (token: number) => Verdict;
}
