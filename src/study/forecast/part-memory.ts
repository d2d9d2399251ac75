/** Bytes of memory of each stage at its highest. Training's is the forecast that `run` makes itself (src/run/memory.ts). */

import { forecastMemory } from "../../run/memory.ts";
import { GIB } from "../../sae/memory.ts";
import type { Measures } from "../plan.ts";
import type { GroupWork, StreamWork } from "./group-work.ts";
import { expectedL0 } from "./training-work.ts";

/** The program, its threads, and arrays of passes through the model. */
const REST = 0.6 * GIB;
/** Sessions' own arrays and the script's heap, beside what `run` counts. */
const WHILE_TRAINING = 0.15 * GIB;
/** Contexts, rules and their matches. */
const WHILE_EXPLAINING = 0.55 * GIB;
/** Arrays of logits that one thread has at once, each of at most 64 MiB (src/run/source.ts). */
const LOGITS = 12 * 64 * 2 ** 20;
/** A unit's contexts, histogram and counts in an analysis. */
const UNIT = 48_000;
/** Active units of a sample that relations are computed on. */
const SAMPLE_TOKENS = 250_000;
/** A thread that tokenises: its tokenizer and the words that it remembers. */
const TOKENISING_THREAD = 0.15 * GIB;
/** A document's key in the memory of those seen, and about how many tokens one has. */
const SEEN = 40;
const DOCUMENT_TOKENS = 500;

/** A tokenising process; both sides hold a shard until it is written. */
export function tokeniseMemory(tokens: number, threads: number): number {
  return REST + threads * TOKENISING_THREAD + 2 * 2 ** 23 * 4 + (tokens / DOCUMENT_TOKENS) * SEEN;
}

export function trainMemory(
  { dictionaries, hook, modelBytes, stream, tokens }: GroupWork,
  threads: number,
): number {
  const buffer = Math.min(stream.bufferMb * 1e6, 4 * tokens * hook.dIn);
  // Whether it fits is not decided here: the machine that forecasts need not be the one that trains.
  const { total } = forecastMemory(dictionaries, hook.dIn, threads, { buffer, model: modelBytes }, Infinity);
  // A part may go on from a checkpoint, and reading one holds a dictionary with its Adam moments a second time.
  const restored = 24 * hook.dIn * Math.max(...dictionaries.map(({ dSae }) => dSae));
  // Arrays of evaluations on the way stay where they are.
  const evaluations = stream.evaluateAt.length > 0 ? threads * LOGITS : 0;
  return total + threads * modelBytes + WHILE_TRAINING + restored + evaluations;
}

export function measureMemory(work: GroupWork, threads: number, { features }: Measures): number {
  const { config, dictionaries, hook } = work;
  const evaluation = threads * LOGITS + dictionaries.length * loaded(work);
  const widths = dictionaries.map(({ dSae }) => dSae);
  const units = widths.reduce((sum, width) => sum + width, features?.neurons === true ? config.dMlp : 0);
  const active = dictionaries.reduce((sum, { options }) => sum + expectedL0(options, hook.dIn, 1), 0);
  const analysis =
    features === null ? 0 : dictionaries.length * loaded(work) + units * UNIT + 8 * active * SAMPLE_TOKENS;
  return REST + models(work, threads) + Math.max(evaluation, analysis);
}

export function explainMemory(
  work: GroupWork,
  threads: number,
  explain: NonNullable<Measures["explain"]>,
): number {
  const { dictionaries, hook } = work;
  const { explainTokens, controlUnits, controlTokens } = explain.options;
  const entries = dictionaries.map(({ options, dSae }) => {
    const chosen = Math.min(1, (explain.features ?? dSae) / dSae);
    return explainTokens * chosen * expectedL0(options, hook.dIn, 1);
  });
  const reading =
    REST +
    WHILE_EXPLAINING +
    2 * models(work, threads) +
    3 * loaded(work) +
    16 * Math.max(...entries) +
    60 * explainTokens;
  return controlUnits > 0 && (controlTokens ?? 0) > 0
    ? Math.max(reading, trainMemory(work, threads))
    : reading;
}

export function compareMemory(
  [a, b]: readonly [GroupWork, GroupWork],
  threads: number,
  tokens: number,
): number {
  const active = [a, b].map(({ dictionaries, hook }) => expectedL0(dictionaries[0]!.options, hook.dIn, 1));
  const held = 8 * tokens * active.reduce((sum, l0) => sum + l0, 0);
  return REST + models(a, threads) + loaded(a) + loaded(b) + held;
}

export function reportMemory(trials: number): number {
  return REST + trials * 2e6;
}

/** The weights, and a copy of them in each thread's session. */
function models({ modelBytes }: StreamWork, threads: number): number {
  return modelBytes * (1 + threads);
}

/** The widest dictionary as it is read and as its kernels hold it. */
function loaded({ dictionaries, hook }: GroupWork): number {
  return 16 * hook.dIn * Math.max(...dictionaries.map(({ dSae }) => dSae));
}
