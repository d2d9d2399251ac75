/** Outcomes of features.sqlite: what the features of a dictionary fire on. */

import { median } from "../../statistics/quantiles.ts";
import type { Store } from "../../store/store.ts";
import { found, type Found } from "./found.ts";

/** @returns none when the dictionary was not analysed */
export function storeOutcomes(store: Store, sae: string): Found[] {
  const analysis = store.analysis(sae, "feature");
  if (analysis === undefined) return [];
  const { singleToken, entropy } = store.tokenColumns(sae, "feature");
  const judged = singleToken.filter((flag) => flag >= 0);
  const single = judged.filter((flag) => flag === 1).length;
  const { alive, count } = analysis.record;
  return [
    ...found("single_token_share", judged.length === 0 ? null : single / judged.length),
    ...found("token_entropy_median", median(entropy.filter((value) => !Number.isNaN(value)))),
    ...found("alive_share", count === 0 ? null : alive / count),
  ];
}
