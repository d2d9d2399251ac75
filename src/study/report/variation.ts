/**
 * Where an outcome's variation comes from: what was chosen, chance of training, and the text or features that it was measured on.
 *
 * Standard deviations, so that they can be held against each other and against differences. All trials are measured on the same held-out
 * text, whose share of luck moves all of them alike and is no part of the spread between seeds; features that scores are means over are
 * every dictionary's own.
 */

import type { Estimate } from "../../statistics/estimate.ts";
import { varianceComponents, varianceOfInterval } from "../../statistics/variance-components.ts";
import type { Variation } from "../outcomes/outcome.ts";
import type { OutcomeColumn, Population } from "./population.ts";

export interface OutcomeVariation {
  readonly name: string;
  /** Deviations are of its logarithm: 0.1 is about a tenth of the value. */
  readonly log: boolean;
  /** Null without repeats: then nothing tells seeds from settings. */
  readonly configurations: Estimate | null;
  readonly seeds: Estimate | null;
  /** Root mean square standard error of one trial's number; null where there are no intervals. */
  readonly measurement: number | null;
  readonly measuredOver: Variation;
}

/** Null where nothing is known of any of the three. */
export function variationOf(
  { configurations }: Population,
  { definition, values, outcomes, log }: OutcomeColumn,
): OutcomeVariation | null {
  const variances = outcomes.map((outcome) => {
    const { low, high } = outcome ?? { low: null, high: null };
    if (low === null || high === null || (log && !(low > 0))) return null;
    return varianceOfInterval(log ? [Math.log(low), Math.log(high)] : [low, high]);
  });
  const known = variances.filter((variance) => variance !== null);
  const measuredOver = outcomes.find((outcome) => (outcome?.varies ?? null) !== null)?.varies ?? null;
  const { components } = varianceComponents(values, configurations, {
    seed: 0,
    ...(known.length > 0 && {
      tokens: { variances, correlation: measuredOver === "features" ? 0 : 1 },
    }),
  });
  if (components === null && known.length === 0) return null;
  return {
    name: definition.name,
    log,
    configurations: components && deviation(components.configurations.variance),
    seeds: components && deviation(components.seeds.variance),
    measurement:
      known.length === 0 ? null : Math.sqrt(known.reduce((sum, value) => sum + value, 0) / known.length),
    measuredOver,
  };
}

function deviation({ value, interval }: Estimate): Estimate {
  return {
    value: Math.sqrt(Math.max(0, value)),
    interval: interval && [Math.sqrt(Math.max(0, interval[0])), Math.sqrt(Math.max(0, interval[1]))],
  };
}
