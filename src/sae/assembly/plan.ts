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
  /** u32 per feature: tokens it fired on in the current window; and the last step it fired in. */
  fired: usize;
  last_fired: usize;

  // The batch: encoder inputs [batch, d_in], residual gradients ∂L/∂x̂ [batch, d_in], loss of each row.
  input: usize;
  residual: usize;
  rowLoss: usize;

  // Active entries, `capacity` per chunk of rows, in order of feature: feature, row, f, ∂L/∂f.
  entryFeature: usize;
  entryRow: usize;
  entryValue: usize;
  entryPull: usize;
  /** u32 [chunks, blocks + 1]: where the entries of each feature block begin within the chunk. */
  blockStart: usize;

  // Sums by chunk or block, added up in a fixed order afterwards.
  chunkStats: usize;
  chunkResidual: usize;
  chunkInput: usize;
  /** [blocks, d_in]: Σ over the block of ∂L/∂b_enc,i · W_enc,i. */
  blockPull: usize;
  /** u32 per block: parameters rows that are no longer finite. */
  blockBroken: usize;

  // The step's numbers.
  /** Factor on the raw activations. */
  scale: f32;
  /** 2 / batch and Λ / batch. */
  errorScale: f32;
  sparsity: f32;
  /** Λ itself, for the loss of a row. */
  lambda: f32;
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

/** Rows of a batch that are encoded at a time. */
export const CHUNK: u32 = 64;
/** Features that are updated at a time. */
export const BLOCK: u32 = 64;
/** Doubles of statistics per chunk: Σ‖x̂−x‖², Σf, entries, Σ‖x‖². */
export const STATS: u32 = 4;
