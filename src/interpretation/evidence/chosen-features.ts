/**
 * Some features of a dictionary, at the cost of these: a dictionary of only their rows goes through the same kernels and threads as the
 * whole, and its features are known by their numbers in the whole. Of a wide dictionary that is most of the time of a pass: 100 features
 * of 4096 take a fortieth.
 *
 * Not for topk dictionaries, where a feature's activation depends on all others': these are encoded whole.
 */

import { saeUnits, type Units } from "../../features/units.ts";
import { decideAlone } from "../../sae/chosen-features.ts";
import type { Sae } from "../../sae/dictionary.ts";
import { SaeForward } from "../../sae/forward.ts";
import type { Pool } from "../../sae/pool.ts";

/**
 * The features of `sae`, of which at least those of `chosen` are encoded; numbers, count, directions and `Units.chosen` are the whole's.
 * @throws Failure when they do not fit in memory
 */
export async function openChosenFeatures(
  pool: Pool,
  sae: Sae,
  chosen: readonly number[],
): Promise<{ units: Units; close(): Promise<void> }> {
  if (chosen.length === 0 || 2 * chosen.length > sae.d_sae || !decideAlone(sae)) {
    const forward = await SaeForward.create(pool, sae);
    return { units: saeUnits(forward), close: () => forward.close() };
  }
  const numbers = Uint32Array.from(chosen).sort();
  const forward = await SaeForward.create(pool, rowsOf(sae, numbers));
  const encode = async (x: Float32Array) => {
    const { rowOffsets, indices, values } = await forward.encode(x);
    return { rowOffsets, indices: indices.map((index) => numbers[index]!), values };
  };
  return { units: saeUnits({ sae, encode }), close: () => forward.close() };
}

/** The dictionary of the features `numbers` alone. */
function rowsOf(sae: Sae, numbers: Uint32Array): Sae {
  const { d_in } = sae;
  const rows = (matrix: Float32Array, width: number) => {
    const taken = new Float32Array(numbers.length * width);
    for (const [row, number] of numbers.entries()) {
      taken.set(matrix.subarray(number * width, (number + 1) * width), row * width);
    }
    return taken;
  };
  return {
    ...sae,
    d_sae: numbers.length,
    W_enc: rows(sae.W_enc, d_in),
    W_dec: rows(sae.W_dec, d_in),
    b_enc: rows(sae.b_enc, 1),
    ...(sae.threshold && { threshold: rows(sae.threshold, 1) }),
    ...(sae.b_gate && { b_gate: rows(sae.b_gate, 1) }),
    ...(sae.r_mag && { r_mag: rows(sae.r_mag, 1) }),
  };
}
