/** A trial that stands beside others, in all figures in one colour. */

import type { TrialOutcomes } from "../../../study/outcomes/outcome.ts";

export interface ComparedTrial {
  readonly trial: TrialOutcomes;
  readonly colour: string;
  /** Null where it has no dictionary yet. */
  readonly run: string | null;
}
