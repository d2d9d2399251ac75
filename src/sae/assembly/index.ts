/** The kernels that the host calls. */

export { quantiseRows, screenCuts, worstError } from "./screen";
export { collectTile, guessCuts, screenTile, setCuts } from "./candidates";
export { batchThreshold, dropBelow, select } from "./select";
export { addBias, beginRows, decode, finishDense, prepare, pullBack, reconstruct } from "./rows";
export { refresh, updateDense, updateSparse } from "./features";
export { encodeRows, decodeRows } from "./inference";

import { Plan, Scratch } from "./plan";

/** Sizes of the records, by which the host checks that its own lists of fields are the same. */
export function planBytes(): u32 {
  return offsetof<Plan>();
}
export function scratchBytes(): u32 {
  return offsetof<Scratch>();
}
