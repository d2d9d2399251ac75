/**
 * The records through which the host tells the kernels sizes, addresses and the numbers of a step: the fields of
 * `assembly/plan.ts`, in the same order. A test compares the sizes.
 */

import type { ObjectiveName } from "./objectives.ts";

const WORDS = [
  "features",
  "batch",
  "rowBytes",
  "capacity",
  "blocks",
  "flags",
  "step",
  "objective",
  "k",
  "kAux",
  "deadBefore",
  "groups",
  "groupEnds",
  "W_enc",
  "W_dec",
  "b_enc",
  "b_dec",
  "W_enc_m",
  "W_enc_v",
  "W_dec_m",
  "W_dec_v",
  "b_enc_m",
  "b_enc_v",
  "gain",
  "gain_m",
  "gain_v",
  "b_mag",
  "b_mag_m",
  "b_mag_v",
  "decoderNorm",
  "fired",
  "last_fired",
  "W_q",
  "W_qScale",
  "W_qNorm",
  "W_qError",
  "input",
  "residual",
  "slotBytes",
  "rowLoss",
  "rowL1",
  "entryFeature",
  "entryKey",
  "entryValue",
  "entryPull",
  "entryOther",
  "blockStart",
  "chunkStats",
  "chunkResidual",
  "chunkInput",
  "blockPull",
  "blockBroken",
] as const;

const FLOATS = [
  "scale",
  "errorScale",
  "auxScale",
  "sparsity",
  "bandwidth",
  "l0Pull",
  "stepSize",
  "rootCorrection",
  "beta1",
  "rest1",
  "beta2",
  "rest2",
  "epsilon",
] as const;

/** Addresses of one worker's own memory. `count` and `rowError` are the kernels'. */
const SCRATCH = [
  "z",
  "feature",
  "key",
  "value",
  "count",
  "order",
  "starts",
  "heap",
  "tops",
  "cut",
  "none",
  "list",
  "least",
  "ties",
  "xq",
  "rowScale",
  "rowInverse",
  "rowCut",
  "rowShift",
  "rowOffset",
  "rowError",
  "features",
] as const;

export type PlanWord = (typeof WORDS)[number];
export type PlanFloat = (typeof FLOATS)[number];
export type ScratchWord = Exclude<(typeof SCRATCH)[number], "count" | "rowError">;

export const PLAN_BYTES = 4 * (WORDS.length + FLOATS.length);
export const SCRATCH_BYTES = 4 * SCRATCH.length;

/** Bits of `flags`; `assembly/plan.ts` says what each does. */
export const FLAG = {
  centred: 1,
  project: 2,
  renormaliseAfter: 4,
  renormaliseBefore: 8,
  trainBiases: 16,
  normPenalty: 32,
  screen: 64,
  revive: 128,
} as const;

/** What the kernels call the objectives. */
export const KERNEL: Readonly<Record<ObjectiveName, number>> = {
  "relu-l1": 0,
  "april-2024": 0,
  topk: 1,
  "batch-topk": 2,
  matryoshka: 2,
  jumprelu: 3,
  gated: 4,
};

/** Rows of a batch that are encoded at a time, features that are updated at a time, doubles of statistics per chunk. */
export const CHUNK = 128;
export const BLOCK = 64;
export const STATS = 6;

/** Writes fields of the record at `address`. */
export function writePlan(
  memory: WebAssembly.Memory,
  address: number,
  fields: Partial<Record<PlanWord | PlanFloat, number>>,
): void {
  const words = new Uint32Array(memory.buffer, address, WORDS.length);
  const floats = new Float32Array(memory.buffer, address + words.byteLength, FLOATS.length);
  for (const [name, value] of Object.entries(fields)) {
    const word = WORDS.indexOf(name as PlanWord);
    if (word >= 0) words[word] = value;
    else floats[FLOATS.indexOf(name as PlanFloat)] = value;
  }
}

export function readPlanFloat(memory: WebAssembly.Memory, address: number, name: PlanFloat): number {
  return new Float32Array(memory.buffer, address + 4 * WORDS.length, FLOATS.length)[FLOATS.indexOf(name)]!;
}

/** Writes the record of a worker's memory at `address`. */
export function writeScratch(
  memory: WebAssembly.Memory,
  address: number,
  fields: Readonly<Record<ScratchWord, number>>,
): void {
  const words = new Uint32Array(memory.buffer, address, SCRATCH.length);
  for (const [name, value] of Object.entries(fields)) words[SCRATCH.indexOf(name as ScratchWord)] = value;
}

/** Forgets the candidates of the chunk before. */
export function clearCandidates(memory: WebAssembly.Memory, address: number): void {
  new Uint32Array(memory.buffer, address, SCRATCH.length)[SCRATCH.indexOf("count")] = 0;
}
