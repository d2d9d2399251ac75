/** The units that a text activates, token by token. */

import type { Units } from "../features/units.ts";
import type { LiveModel } from "../model/live-model.ts";
import type { SparseActivations } from "../sae/forward.ts";

/** Active units of each token: row t is token t. */
export async function featuresOfText(
  live: LiveModel,
  units: Units,
  tokens: Int32Array,
): Promise<SparseActivations> {
  const { activation } = await live.read(tokens);
  return units.encode(activation);
}
