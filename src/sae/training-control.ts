/** Words that the workers of a training step share: what is drawn next in each phase, and what happened. */
export const CONTROL = {
  chunk: 0,
  finishChunk: 1,
  denseChunk: 2,
  block: 3,
  refreshBlock: 4,
  /** A chunk had no room for its entries. */
  overflow: 5,
  /** The number of the phase that failed. */
  abort: 6,
  /** Batch ranks: the cut was above the threshold. */
  retry: 7,
  /** Bits of the batch's threshold as float32. */
  threshold: 8,
  /** Microseconds that worker 0 spent in the two halves, and of the first in encoder products. */
  rowsTime: 9,
  featuresTime: 10,
  productTime: 11,
  /** Set once, when a worker finds that integer products are not exact here. The last word: the others are cleared. */
  inexact: 12,
} as const;

export const CONTROL_WORDS = 13;
