/** Answers on behalf of an explanation by asking a language model that knows nothing else of the unit. */

import type { Endpoint, SimulatorMode } from "../endpoint/endpoint.ts";
import {
  detectionQuestions,
  findIntruders,
  fuzzingQuestions,
  judge,
  logitQuestions,
  TEXTS_AT_ONCE,
  TOKENS_AT_ONCE,
} from "../judges/judge.ts";
import type { PromptName, Prompts } from "../prompts/prompts.ts";
import type { Answerer } from "../protocols/task.ts";
import { PROMPT_ALTERNATIVES, simulateAllAtOnce } from "./all-at-once.ts";
import { type Asking, requestOf } from "./ask-numbers.ts";
import { simulateNumbered } from "./numbered.ts";
import { newTally, type Tally } from "./tally.ts";

/** An answerer, and how the answers it got were. */
export interface ModelAnswerer extends Answerer {
  readonly tally: Readonly<Tally>;
}

/** Judges use probabilities unless integers were asked for, whatever the simulator does. */
export function judgesByProbability(mode: SimulatorMode): boolean {
  return mode !== "integers";
}

export function modelAnswerer(
  endpoint: Endpoint,
  prompts: Prompts,
  mode: SimulatorMode,
  explanation: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): ModelAnswerer {
  const tally = newTally();
  const probabilities = judgesByProbability(mode);
  const asking: Asking = { endpoint, prompts, probabilities, tally, signal };
  const simulate = mode === "prompt-logprobs" ? simulateAllAtOnce : simulateNumbered;
  return {
    tally,
    simulate: (sequences, scale) => simulate(asking, explanation, sequences, scale),
    detect: (sequences) => judge(asking, detectionQuestions(prompts, explanation, sequences)),
    fuzz: (sequences) => judge(asking, fuzzingQuestions(prompts, explanation, sequences)),
    intrude: (trials) => findIntruders(asking, trials),
    plausible: (tokens) => judge(asking, logitQuestions(prompts, explanation, tokens)),
  };
}

/** What a score by a language model depends on beside the explanation: JSON, for the result. */
export interface SimulatorDescription {
  readonly mode: SimulatorMode;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** SHA-256 by name of file. */
  readonly prompts: Readonly<Record<string, string>>;
}

const JUDGES: readonly PromptName[] = ["detect", "fuzz", "intruder", "logits", "repair"];
const SIMULATORS: Readonly<Record<SimulatorMode, readonly PromptName[]>> = {
  "prompt-logprobs": ["simulate-all-at-once", "simulate-all-at-once-9"],
  "expected-values": ["simulate-numbered", "bricken-predict"],
  integers: ["simulate-numbered", "bricken-predict"],
};

export function simulatorDescription(
  endpoint: Endpoint,
  prompts: Prompts,
  mode: SimulatorMode,
): SimulatorDescription {
  const { support } = endpoint;
  const chat = requestOf(
    { endpoint, probabilities: judgesByProbability(mode) },
    { name: "", messages: [], slots: [], bounds: { lowest: 0, highest: 1 } },
  );
  return {
    mode,
    parameters: {
      temperature: support.temperature ? 0 : null,
      alternatives: mode === "prompt-logprobs" ? PROMPT_ALTERNATIVES : (chat.topLogprobs ?? 0),
      judge_alternatives: chat.topLogprobs ?? 0,
      asked_scale: mode === "prompt-logprobs" ? "9, or 10 where it is one token" : "9",
      texts_at_once: TEXTS_AT_ONCE,
      tokens_at_once: TOKENS_AT_ONCE,
      intruder_sees_explanation: false,
      schema: support.schema,
    },
    prompts: prompts.hashes([...SIMULATORS[mode], ...JUDGES]),
  };
}
