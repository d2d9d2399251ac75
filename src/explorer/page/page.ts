/** What every page is given. */

import type { RunSummary, SaeSummary } from "../api.ts";

export interface PageProps {
  readonly run: RunSummary;
  /** Null for a run without dictionaries, and where the address names one that the run does not have. */
  readonly sae: SaeSummary | null;
}
