/**
 * The record through which the host tells the kernels sizes, addresses and the numbers of a step: the fields of
 * `assembly/plan.ts`, in the same order. A test compares the two sizes.
 */

const WORDS = [
  "features",
  "batch",
  "rowBytes",
  "capacity",
  "blocks",
  "flags",
  "step",
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
  "fired",
  "last_fired",
  "input",
  "residual",
  "rowLoss",
  "entryFeature",
  "entryRow",
  "entryValue",
  "entryPull",
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
  "sparsity",
  "lambda",
  "stepSize",
  "rootCorrection",
  "beta1",
  "rest1",
  "beta2",
  "rest2",
  "epsilon",
] as const;

export type PlanWord = (typeof WORDS)[number];
export type PlanFloat = (typeof FLOATS)[number];

export const PLAN_BYTES = 4 * (WORDS.length + FLOATS.length);

/** Bits of `flags`; `assembly/plan.ts` says what each does. */
export const FLAG = {
  centred: 1,
  project: 2,
  renormaliseAfter: 4,
  renormaliseBefore: 8,
  trainBiases: 16,
} as const;

/** Rows of a batch that are encoded at a time, features that are updated at a time, doubles of statistics per chunk. */
export const CHUNK = 64;
export const BLOCK = 64;
export const STATS = 4;

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
