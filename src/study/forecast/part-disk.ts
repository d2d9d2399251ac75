/**
 * Bytes on disk of each stage: of its result, and of what it needs beside that while it works. What a part takes over from another is
 * linked and costs nothing; where a file system has no hard links, it is copied, and the study takes more.
 */

import type { Measures } from "../plan.ts";
import type { GroupWork, StreamWork } from "./group-work.ts";

/** Records, metrics, evaluations and a report. */
const RECORDS = 2e6;
const SHARD_RECORDS = 1e5;
/** A unit in features.sqlite, and each of its ablations; a unit explained under one protocol. */
const UNIT = 15_000;
const ABLATION = 1_000;
const EXPLAINED = 30_000;
/** Active units of contexts, of an analysis that stands still. */
const CHECKPOINT_UNIT = 24_000;

export function tokensDisk({ tokenBytes }: StreamWork, tokens: number): number {
  return tokens * tokenBytes + SHARD_RECORDS;
}

/** Parameters of the group's dictionaries. */
function parameters({ dictionaries, hook }: GroupWork): number {
  return dictionaries.reduce((sum, { dSae }) => sum + (2 * dSae + 1) * hook.dIn + 3 * dSae, 0);
}

/** Parameters with both Adam moments, and the state of features. */
export function checkpointBytes(work: GroupWork): number {
  return 12 * parameters(work) + RECORDS;
}

/** The newest checkpoint stands until the next is whole. */
export function trainDisk(work: GroupWork): number {
  return 4 * parameters(work) + 2 * checkpointBytes(work) + RECORDS;
}

export function measureDisk({ dictionaries, config }: GroupWork, { features, effects }: Measures): number {
  const units = dictionaries.reduce((sum, { dSae }) => sum + dSae, 0);
  const evaluations = 24 * units + RECORDS;
  const neurons = features?.neurons === true ? config.dMlp : 0;
  // The neurons stand beside every dictionary in the file.
  const stored = units + dictionaries.length * neurons;
  const analysis =
    features === null
      ? 0
      : stored * (UNIT + features.ablations * ABLATION) + 2 * (units + neurons) * CHECKPOINT_UNIT;
  return evaluations + analysis + (effects === null ? 0 : dictionaries.length * effects.features * UNIT);
}

/** The store is copied, since it is written to; the control's dictionaries are new. */
export function explainDisk(work: GroupWork, measures: Measures): number {
  const { explain } = measures;
  if (explain === null) return RECORDS;
  const { controlUnits, controlTokens } = explain.options;
  const units = work.dictionaries.reduce(
    (sum, { dSae }) => sum + Math.min(explain.features ?? dSae, dSae) + 3 * controlUnits,
    0,
  );
  const control = controlUnits > 0 && (controlTokens ?? 0) > 0 ? trainDisk(work) : 0;
  return measureDisk(work, measures) + explain.protocols.length * units * EXPLAINED + control;
}

export function compareDisk(features: number): number {
  return RECORDS + 200 * features;
}

export function reportDisk(trials: number): number {
  return 5e6 + 50_000 * trials;
}
