/** The kernels that the host calls. */

export { prepare, collect, sortByRow, decodeRow, reconstruct, residuals } from "./rows";
export { updateSparse, updateDense } from "./features";
export { encodeRows, decodeRows } from "./inference";

import { Plan } from "./plan";

/** Size of the record, by which the host checks that its own list of fields is the same. */
export function planBytes(): u32 {
  return offsetof<Plan>();
}
