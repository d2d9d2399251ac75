/** What an interpretation of a run's dictionaries is asked for. */

import type { EndpointOptions } from "../interpretation/endpoint/options.ts";
import type { InterpretationOptions } from "../interpretation/options.ts";
import type { ProtocolName } from "../interpretation/protocols/task.ts";
import type { SamplingRule } from "../interpretation/study/sample-units.ts";
import type { SubjectRequest } from "./subject.ts";

export interface InterpretationRequest extends SubjectRequest {
  readonly options: InterpretationOptions;
  readonly protocols: readonly ProtocolName[];
  /** How many features; all unless given. Of each control as many, at most `options.controlUnits`. */
  readonly features?: number | undefined;
  readonly sampling: SamplingRule;
  readonly seed: number;
  /** The language model that explains and simulates; explainers that need none unless given. */
  readonly endpoint?: EndpointOptions | undefined;
  /** Only say what it would cost. */
  readonly estimateOnly?: boolean;
  /** Of the result; default "offline", with the protocols and the number of features where they are others than usual, or the model's name and the protocols. */
  readonly name?: string | undefined;
  readonly checkpointMinutes: number;
  readonly threads: number;
}
