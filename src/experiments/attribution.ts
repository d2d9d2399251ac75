/**
 * Direct logit attribution (Bricken et al. 2023): what each unit that is active at a token adds to the logit of the token
 * that follows it, along the direct path (model/direct-path.ts):
 *
 *     direct_i = f_i · d_i · ∂(logit_next − mean of logits)/∂x
 *
 * It is a share of a sum and misses what later layers make of the unit, that LayerNorm's scale moves with it, and that a
 * probability depends on all logits. So the largest are checked by an ablation at that position alone,
 *
 *     ablated_i = log p(next | x) − log p(next | x − f_i d_i)
 *
 * which has the same sign and order where the direct path is most of the effect. Where rows have a scale (units.ts), s(x) f_i
 * stands for f_i in both.
 */

import { rowScale, type Units } from "../features/units.ts";
import type { LiveModel } from "../model/live-model.ts";
import { withoutUnit } from "./ablation.ts";

export interface UnitAttribution {
  readonly feature: number;
  readonly activation: number;
  readonly direct: number;
  /** Nats; null for those that were not checked. */
  readonly ablated: number | null;
}

/**
 * Attribution of every unit that is active at `position` to the token after it, largest effect (of either sign) first.
 * @param options of the largest, `check` are ablated
 * @throws UsageError for the last position, which no token follows, and for a hook point from which no linear path leads to the
 *   logits
 */
export async function attribute(
  live: LiveModel,
  units: Units,
  tokens: Int32Array,
  position: number,
  { check }: { check: number },
): Promise<UnitAttribution[]> {
  const { dIn } = live;
  const reading = await live.read(tokens);
  const gradient = await live.directGradient(reading, position);
  const row = reading.activation.slice(position * dIn, (position + 1) * dIn);
  const { indices, values } = await units.encode(row);
  const scale = rowScale(units, row);
  const attributions = Array.from(indices, (feature, entry) => {
    const activation = values[entry]!;
    const direct = scale * activation * dot(units.direction(feature), gradient);
    return { feature, activation, direct };
  }).sort((a, b) => Math.abs(b.direct) - Math.abs(a.direct) || a.feature - b.feature);

  const edits = attributions.slice(0, check).map(({ feature, activation }) => {
    const taken = withoutUnit(units, reading, { unit: feature, positions: [position], values: [activation] });
    return { ...taken, only: [position] };
  });
  const checked = await live.differences(edits, 0);
  return attributions.map((attribution, i) => {
    const difference = checked[i]?.[0];
    return { ...attribution, ablated: difference ? difference.changed - difference.clean : null };
  });
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}
