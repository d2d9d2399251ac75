/** What an analysis of a run is asked for. */

import type { AnalysisOptions } from "../features/options.ts";
import type { SubjectRequest } from "./subject.ts";

export interface AnalysisRequest extends SubjectRequest {
  readonly options: AnalysisOptions;
  readonly checkpointMinutes: number;
  readonly threads: number;
}
