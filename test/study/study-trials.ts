/** Trials as a study file that was checked gives them, for tests of what is made of them. */

import type { SaeRequest } from "../../src/sae/options.ts";
import { resolveOptions } from "../../src/sae/presets.ts";
import type { StreamRequest } from "../../src/study/plan.ts";
import type { StudyRequest, TrialRequest } from "../../src/study/study-request.ts";

export const D_IN = 512;

const DECLARED =
  "model shuffleWeights hook context data textTokens whenTextEnds evaluationTokens objective expansion lambda k tokens batch lr seed";

export const stream: StreamRequest = {
  model: "/models/one-layer",
  hub: {},
  hook: "blocks.0.mlp.hook_post",
  context: 128,
  data: ["default"],
  reading: { hub: {} },
  heldoutShare: 0.05,
  bufferMb: 64,
  whenTextEnds: "epoch",
  evaluationTokens: 20_000,
  evaluateAt: [],
  streamSeed: 0,
  device: "cpu",
};

export function trial(dictionary: SaeRequest, more: Partial<StreamRequest> = {}): TrialRequest {
  const own = { ...stream, ...more };
  return {
    label: JSON.stringify({ ...dictionary, ...more }),
    dictionary,
    options: resolveOptions(dictionary, D_IN),
    stream: own,
    config: { ...own, ...dictionary },
    model: { bytes: 1e7, tokenizer: "abc", dIn: D_IN },
  };
}

export function study(trials: readonly TrialRequest[], more: Partial<StudyRequest> = {}): StudyRequest {
  return {
    title: "A study",
    question: null,
    threads: 2,
    checkpointMinutes: 5,
    memoryBytes: 64e9,
    groupSize: null,
    slices: 1,
    measures: {
      features: null,
      explain: null,
      compare: { tokens: 1000, minActive: 10 },
      effects: null,
    },
    declared: DECLARED.split(" "),
    trials,
    ...more,
  };
}
