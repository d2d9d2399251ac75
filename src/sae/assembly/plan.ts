/**
 * What one dictionary's kernels work on: sizes, addresses in the shared memory, and the numbers of the current step.
 *
 * The host writes this record (`../plan.ts` lists the same fields in the same order); every worker reads it. All matrices
 * are row-major with rows of `rowBytes` bytes, a multiple of 64, zero beyond d_in.
 */

@unmanaged
export class Plan {
  // Sizes.
  features: u32;
  batch: u32;
  rowBytes: u32;
  /** Entries that one chunk of rows has room for. */
  capacity: u32;
  /** Feature blocks, ceil(features / BLOCK). */
  blocks: u32;
  /** See the constants below. */
  flags: u32;
  step: u32;
  /** One of the constants below. */
  objective: u32;
  /** Active features of a row (TOPK), and the most that are revived on a row. */
  k: u32;
  kAux: u32;
  /** A feature is dead when it last fired before this step. */
  deadBefore: u32;
  /** Prefixes of the dictionary that have a reconstruction of their own, 1 but for matryoshka: `groupEnds` lists their ends. */
  groups: u32;
  groupEnds: usize;

  // Parameters and their Adam moments.
  W_enc: usize;
  W_dec: usize;
  b_enc: usize;
  b_dec: usize;
  W_enc_m: usize;
  W_enc_v: usize;
  W_dec_m: usize;
  W_dec_v: usize;
  b_enc_m: usize;
  b_enc_v: usize;
  /** JUMPRELU: threshold. GATED: r_mag; its b_enc is b_gate. */
  gain: usize;
  gain_m: usize;
  gain_v: usize;
  /** GATED: b_mag. */
  b_mag: usize;
  b_mag_m: usize;
  b_mag_v: usize;
  /** f32 per feature: ‖W_dec,i‖, kept where rows are not of norm 1. */
  decoderNorm: usize;
  /** u32 per feature: tokens it fired on in the current window; and the last step it fired in. */
  fired: usize;
  last_fired: usize;

  // The encoder in eight bits (see screen.ts): u8 [features, rowBytes / 4]; f32 per feature: its quantum; norm, and norm of the
  // error, in quanta.
  W_q: usize;
  W_qScale: usize;
  W_qNorm: usize;
  W_qError: usize;

  // The batch: encoder inputs [batch, d_in]; residual gradients ∂L/∂x̂ [slots, batch, d_in], `slotBytes` apart.
  input: usize;
  residual: usize;
  slotBytes: u32;
  /** Of each row: ‖x̂ − x‖², and the L1 term without its coefficient. */
  rowLoss: usize;
  rowL1: usize;

  // Active entries, `capacity` per chunk of rows, in order of feature: feature, key (twice the row, plus one for an entry of
  // the second kind), f, ∂L/∂z; and a second value where the objective has one.
  entryFeature: usize;
  entryKey: usize;
  entryValue: usize;
  entryPull: usize;
  entryOther: usize;
  /** u32 [chunks, blocks + 1]: where the entries of each feature block begin within the chunk. */
  blockStart: usize;

  // Sums by chunk or block, added up in a fixed order afterwards.
  chunkStats: usize;
  chunkResidual: usize;
  chunkInput: usize;
  /** [blocks, d_in]: Σ over the block of Σ ∂L/∂z_i · W_enc,i. */
  blockPull: usize;
  /** u32 per block: parameters rows that are no longer finite. */
  blockBroken: usize;

  // The step's numbers.
  /** Factor on the raw activations. */
  scale: f32;
  /** 2 / (batch · groups), 2 · aux_coefficient / batch, and Λ / batch. */
  errorScale: f32;
  auxScale: f32;
  sparsity: f32;
  /** JUMPRELU: width ε of the window around a threshold; ∂L/∂L0 / batch. */
  bandwidth: f32;
  l0Pull: f32;
  /** Adam: lr / (1 − β₁ᵗ), 1 / √(1 − β₂ᵗ), β₁, 1 − β₁, β₂, 1 − β₂, ε. */
  stepSize: f32;
  rootCorrection: f32;
  beta1: f32;
  rest1: f32;
  beta2: f32;
  rest2: f32;
  epsilon: f32;
}

/** The encoder sees x − b_dec. */
export const CENTRED: u32 = 1;
/** Remove from each decoder row's gradient the part along the row. */
export const PROJECT: u32 = 2;
/** Scale decoder rows to norm 1 after the Adam step. */
export const RENORMALISE_AFTER: u32 = 4;
/** Scale decoder rows to norm 1 before the Adam step, as neel-2023's parent did. */
export const RENORMALISE_BEFORE: u32 = 8;
/** Update b_enc. */
export const TRAIN_B_ENC: u32 = 16;
/** The L1 term weighs f by ‖W_dec,i‖. */
export const NORM_PENALTY: u32 = 32;
/** Keep the encoder in eight bits up to date. */
export const SCREEN: u32 = 64;
/** Dead features get entries of the second kind. */
export const REVIVE: u32 = 128;

/** Objectives, as far as the kernels tell them apart. */
export const RELU: u32 = 0;
export const TOPK: u32 = 1;
export const BATCH_TOPK: u32 = 2;
export const JUMPRELU: u32 = 3;
export const GATED: u32 = 4;

/** Rows of a batch that are encoded at a time. */
export const CHUNK: u32 = 128;
/** Features that are updated at a time. */
export const BLOCK: u32 = 64;
/** Doubles of statistics per chunk: Σ‖x̂−x‖², Σf, active entries, Σ‖x‖², Σ of the second error, candidates. */
export const STATS: u32 = 6;

/** Memory that one worker alone writes; the host sets the addresses once. */
@unmanaged
export class Scratch {
  /** Encoder products of one tile, [tile, CHUNK]: float32, or int32 when screened. */
  z: usize;
  /** Candidates of a chunk, in order of feature: feature, key, value. Room for every pair of feature and row. */
  feature: usize;
  key: usize;
  value: usize;
  /** Candidates so far. */
  count: u32;
  /** Order of entries by row, where each row's begin [2·CHUNK + 1], and the selection's working space. */
  order: usize;
  starts: usize;
  heap: usize;
  /** TOPK: the k largest candidates of each row so far, f32 [CHUNK, k]. */
  tops: usize;
  /** f32 [CHUNK]: a row's entries are candidates above this; and as many zeros, the cut of features to be revived. */
  cut: usize;
  none: usize;
  /** u32 [CHUNK]: rows of the feature at hand whose product is still to be computed. */
  list: usize;
  /** f32 [2·CHUNK]: of each row and kind the smallest value that stays; u32: how many equal to it stay. */
  least: usize;
  ties: usize;
  /** The chunk in eight bits: s8 [d_in, CHUNK]; f32 [CHUNK] each: scale, 1/scale, cut/scale, 128 Σ x_q, the same less the bound. */
  xq: usize;
  rowScale: usize;
  rowInverse: usize;
  rowCut: usize;
  rowShift: usize;
  rowOffset: usize;
  /** The largest rounding error of a row in its quanta; see screen.ts. */
  rowError: f32;
  /** See `updateSparse`. */
  features: usize;
}
