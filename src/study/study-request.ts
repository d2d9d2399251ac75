/** What a study is asked for, checked and complete: every trial with its options, and what its model says of itself. */

import type { SaeOptions, SaeRequest } from "../sae/options.ts";
import type { Measures, StreamRequest } from "./plan.ts";

/** What is known of a source model before its weights are read. */
export interface ModelFacts {
  /** Bytes of the weights in float32. */
  readonly bytes: number;
  /** Two models with the same one share a tokenised text. */
  readonly tokenizer: string;
  /** Dimensions of the activation at the trial's hook point. */
  readonly dIn: number;
}

export interface TrialRequest {
  /** For messages. */
  readonly label: string;
  readonly dictionary: SaeRequest;
  /** The same with everything filled in. */
  readonly options: SaeOptions;
  readonly stream: StreamRequest;
  readonly config: Readonly<Record<string, unknown>>;
  readonly model: ModelFacts;
}

export interface StudyRequest {
  readonly title: string;
  readonly question: string | null;
  readonly threads: number;
  readonly checkpointMinutes: number;
  readonly memoryBytes: number;
  /** Most trials that are trained together; null: as many as fit. */
  readonly groupSize: number | null;
  readonly slices: number;
  readonly measures: Measures;
  /** Options that grids, spaces and lists speak of, in the order of the file. */
  readonly declared: readonly string[];
  readonly trials: readonly TrialRequest[];
}
