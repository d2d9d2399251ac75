/**
 * Seconds of each stage, from counts of what it does and the rates of a machine. What is done in plain JavaScript, by token, active unit
 * or explained unit, has times measured on the machine of docs/results.md, to which `Speed.script` relates another.
 */

import type { InterpretationOptions } from "../../interpretation/options.ts";
import type { ModelConfig } from "../../model/config.ts";
import type { HookPoint } from "../../model/hooks.ts";
import { rowPoint } from "../../model/live-graphs.ts";
import type { Measures } from "../plan.ts";
import { cutWork, plus, secondsOf } from "./forward-work.ts";
import type { GroupWork, StreamWork } from "./group-work.ts";
import { ASSUMED_GPU_FLOPS, type Speed } from "./speed.ts";
import { expectedL0, trainingFlops, trainingSeconds } from "./training-work.ts";

/** Of any part: the process, its threads, kernels; and bytes of weights a second that are read and hashed. */
const START = 2.5;
const WEIGHTS_PER_SECOND = 4e8;

/** Suffixes that a comparison of two activations is worth: both, and the divergence of their predictions. */
const COMPARED = 2.5;

/** What features do to a token in an analysis: of each set, and of each active unit. */
const TOKEN_OF_SET = 9e-6;
const ACTIVE_UNIT = 0.11e-6;
/** Share of the neurons that are active at a token, about: they are dense. */
const NEURON_SHARE = 0.4;
/** Neighbours, map and the record of each unit. */
const UNIT_RECORDED = 2.5e-3;
/** An ablation, beside the model's part. */
const ABLATION = 0.6e-3;
/** A token of the text that is explained on, and a unit under one protocol: once, and for each token of that text. */
const EXPLAINED_TOKEN = 17e-6;
const UNIT_EXPLAINED = 11e-3;
const UNIT_EXPLAINED_TOKEN = 11e-9;
/** Contexts that an effect of a feature is measured on. */
const EFFECT_CONTEXTS = 40;
/**
 * Contexts that pass through the rest of the model for an ablation: behind the last attention those positions that change, and as they
 * were; before it all of them, with and without the unit.
 */
const ABLATED_SHARE = 0.7;
const ABLATED_SHARE_EARLY = 2;
/** Pairs of units that are active at the same token, in a comparison. */
const PAIR = 6e-9;

const COPIED_PER_SECOND = 5e8;

export function startSeconds({ modelBytes }: StreamWork): number {
  return START + modelBytes / WEIGHTS_PER_SECOND;
}

/** Tokenises that many tokens. Text that comes over the network may take longer: that is not known here. */
export function tokeniseSeconds(work: StreamWork, tokens: number, speed: Speed): number {
  const oneThread = tokens / speed.tokens;
  // One thread reads, hashes and packs for all.
  const most = Math.min(speed.parallel, 8);
  return startSeconds(work) + oneThread / most;
}

/** Puts slices together: checksums are taken over, so it is a look at every file. */
export function joinSeconds(work: StreamWork, tokens: number): number {
  return START + (tokens * work.tokenBytes) / COPIED_PER_SECOND;
}

export function trainSeconds(
  work: GroupWork,
  speed: Speed,
  checkpointMinutes: number,
  checkpointBytes: number,
): number {
  const { dictionaries, tokens, cut, hook } = work;
  const on = work.stream.device;
  if (on !== undefined && on !== "cpu") {
    const flops = dictionaries.reduce((sum, { options }) => sum + trainingFlops(options, hook.dIn), 0);
    return startSeconds(work) + (flops + tokens * cut.prefix.flops) / (speed.gpuFlops ?? ASSUMED_GPU_FLOPS);
  }
  const { whenTextEnds, cache } = work.stream;
  // What is handed out again is not computed again.
  const once = whenTextEnds === "same-buffer" || cache !== undefined;
  const harvested = once ? Math.min(tokens, work.text.trainTokens) : tokens;
  const harvest = (harvested * secondsOf(cut.prefix, speed)) / speed.parallel;
  const steps = dictionaries.reduce((sum, { options }) => sum + trainingSeconds(options, hook.dIn, speed), 0);
  const evaluations = work.stream.evaluateAt.length * evaluationSeconds(work, speed);
  const seconds = startSeconds(work) + harvest + steps + evaluations;
  const saves = 1 + Math.floor(seconds / 60 / checkpointMinutes);
  return seconds + (saves * checkpointBytes) / COPIED_PER_SECOND;
}

/** Both passes of the evaluation: prefix and suffixes of one batch are not spread over more threads than there are of them. */
export function evaluationSeconds(work: GroupWork, speed: Speed): number {
  const { stream, text, cut, hook, dictionaries } = work;
  const tokens = Math.min(stream.evaluationTokens, text.heldoutTokens);
  const prefix = secondsOf(cut.prefix, speed);
  const suffix = secondsOf(cut.suffix, speed);
  // Clean, zero and mean ablation go on at once; then each dictionary's, compared with clean.
  const baselines = Math.max(COMPARED, (2 + COMPARED) / speed.parallel) * suffix;
  const each = dictionaries.map(({ dSae }) => COMPARED * suffix + encodeSeconds(hook.dIn, dSae, speed));
  const perDictionary = each.reduce((sum, seconds) => sum + seconds, 0);
  return tokens * (2 * prefix + baselines + perDictionary + (hook.dIn * 3e-9) / speed.script);
}

/** Of a token: its products with every feature, on all threads. */
function encodeSeconds(dIn: number, dSae: number, { step }: Speed): number {
  return 2 * dIn * dSae * step.encoderFlop * 2;
}

export function measureSeconds(work: GroupWork, speed: Speed, { features, effects }: Measures): number {
  const evaluation = startSeconds(work) + evaluationSeconds(work, speed);
  const analysis = features === null ? 0 : START + analysisSeconds(work, speed, features);
  return evaluation + analysis + (effects === null ? 0 : effectsSeconds(work, speed, effects.features));
}

export function analysisSeconds(
  { text, cut, hook, config, context, dictionaries }: GroupWork,
  speed: Speed,
  options: NonNullable<Measures["features"]>,
): number {
  const tokens = Math.min(options.featuresTokens, text.trainTokens + text.heldoutTokens);
  const suffix = secondsOf(cut.suffix, speed);
  let seconds = (tokens * secondsOf(cut.prefix, speed)) / speed.parallel;
  const set = (units: number, active: number, read: number) =>
    (read * (TOKEN_OF_SET + active * ACTIVE_UNIT) + units * UNIT_RECORDED) / speed.script +
    units *
      options.ablations *
      (ABLATION / speed.script + (ablatedShare(config, hook) * context * suffix) / speed.parallel) +
    // Logit weights, and neighbours among all units.
    (2 * units * hook.dIn * (config.vocabSize + units)) / (speed.flops * speed.parallel);
  for (const { dSae, options: one } of dictionaries) {
    const active = expectedL0(one, hook.dIn, 1);
    seconds += tokens * encodeSeconds(hook.dIn, dSae, speed) + set(dSae, active, tokens);
  }
  if (options.neurons)
    seconds += set(config.dMlp, NEURON_SHARE * config.dMlp, Math.min(tokens, options.neuronTokens));
  return seconds;
}

function ablatedShare(config: ModelConfig, hook: HookPoint): number {
  return rowPoint(config, hook).name === hook.name ? ABLATED_SHARE : ABLATED_SHARE_EARLY;
}

/** Ablations of a sample of features of every dictionary on contexts of their own. */
function effectsSeconds(
  { config, hook, cut, context, dictionaries }: GroupWork,
  speed: Speed,
  features: number,
): number {
  const units = dictionaries.reduce((sum, { dSae }) => sum + Math.min(features, dSae), 0);
  const one =
    (ablatedShare(config, hook) * context * secondsOf(plus(cut.prefix, cut.suffix), speed)) / speed.parallel;
  return START + units * EFFECT_CONTEXTS * (one + ABLATION / speed.script);
}

export function explainSeconds(
  work: GroupWork,
  speed: Speed,
  explain: NonNullable<Measures["explain"]>,
  checkpointMinutes: number,
): number {
  const { text, cut, hook, dictionaries } = work;
  const { explainTokens, controlUnits } = explain.options;
  const tokens = Math.min(explainTokens, text.trainTokens + text.heldoutTokens);
  const control = controlSeconds(work, speed, explain.options, checkpointMinutes);
  const prefix = secondsOf(cut.prefix, speed) / speed.parallel;
  const unit = explain.protocols.length * (UNIT_EXPLAINED + tokens * UNIT_EXPLAINED_TOKEN);
  const each = dictionaries.map(({ dSae }) => {
    const units = Math.min(explain.features ?? dSae, dSae) + 3 * controlUnits;
    const read = 2 * prefix + 2 * encodeSeconds(hook.dIn, dSae, speed) + EXPLAINED_TOKEN / speed.script;
    return tokens * read + (units * unit) / speed.script;
  });
  return startSeconds(work) + control + each.reduce((sum, seconds) => sum + seconds, 0);
}

/**
 * The control's dictionaries on shuffled weights, trained and evaluated like their originals. A study has none unless its options name
 * their tokens: such dictionaries can be trials.
 */
function controlSeconds(
  work: GroupWork,
  speed: Speed,
  { controlUnits, controlTokens }: InterpretationOptions,
  checkpointMinutes: number,
): number {
  if (controlUnits === 0 || (controlTokens ?? 0) === 0 || work.stream.shuffleWeights !== undefined) return 0;
  const tokens = Math.min(controlTokens ?? 0, work.tokens);
  const dictionaries = work.dictionaries.map((one) => ({ ...one, options: { ...one.options, tokens } }));
  const control = { ...work, dictionaries, tokens };
  return trainSeconds(control, speed, checkpointMinutes, 0) + evaluationSeconds(control, speed);
}

/** @param work of the groups of both sides */
export function compareSeconds(
  [a, b]: readonly [GroupWork, GroupWork],
  [left, right]: readonly [string, string],
  tokens: number,
  speed: Speed,
): number {
  const side = (work: GroupWork, name: string) => work.dictionaries.find((one) => one.name === name)!;
  const [first, second] = [side(a, left), side(b, right)];
  const read = Math.min(tokens, a.text.trainTokens + a.text.heldoutTokens);
  const dIn = a.hook.dIn;
  const active = [expectedL0(first.options, dIn, 1), expectedL0(second.options, dIn, 1)] as const;
  const encode = encodeSeconds(dIn, first.dSae, speed) + encodeSeconds(dIn, second.dSae, speed);
  const script = TOKEN_OF_SET + (active[0] + active[1]) * ACTIVE_UNIT + active[0] * active[1] * PAIR;
  const directions = (2 * first.dSae * second.dSae * dIn) / (speed.flops * speed.parallel);
  const prefix = secondsOf(cutWork(a.config, a.hook, a.context).prefix, speed) / speed.parallel;
  return 2 * startSeconds(a) + read * (prefix + encode + script / speed.script) + directions;
}

/** Reading every trial's records, and plots. */
export function reportSeconds(trials: number, { script }: Speed): number {
  return START + (2 + 0.2 * trials) / script;
}
