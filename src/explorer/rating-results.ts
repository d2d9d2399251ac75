/** All ratings of a dictionary with what they add up to, each beside the automated score of its unit. */

import { UNIT_KINDS } from "../features/units.ts";
import { summarise } from "../interpretation/ratings/results.ts";
import type { Store } from "../store/store.ts";
import type { RatingResults } from "./api.ts";

export function ratingResults(store: Store, sae: string): RatingResults {
  const ratings = store.ratings(sae);
  const scores = new Map<string, number | null>();
  for (const kind of UNIT_KINDS) {
    const indices = [...new Set(ratings.filter((rating) => rating.kind === kind).map(({ index }) => index))];
    for (const { index, score } of store.rows(sae, kind, indices)) scores.set(`${kind} ${index}`, score);
  }
  return {
    ratings: ratings.map(({ id: _id, ...rating }) => ({
      ...rating,
      score: scores.get(`${rating.kind} ${rating.index}`) ?? null,
    })),
    ...summarise(ratings),
  };
}
