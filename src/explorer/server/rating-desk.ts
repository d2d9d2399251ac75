/**
 * What people rate, and what they have rated. The queue of a dictionary (src/interpretation/ratings/queue.ts) follows from its
 * analysis, and is made again when that is another one.
 */

import { type QueueItem, ratingQueue } from "../../interpretation/ratings/queue.ts";
import { rubricProblem } from "../../interpretation/ratings/rubric.ts";
import type { Store } from "../../store/store.ts";
import type { RatingItem, RatingRequest } from "../api.ts";
import { nothingToRate, occupiedIntervals, shownInterval } from "../rating-item.ts";
import type { Explored } from "./explored.ts";
import { HttpFailure } from "./http-failure.ts";

interface Queue {
  /** Of the analyses that it was made from. */
  readonly stamp: string;
  readonly items: readonly QueueItem[];
}

export class RatingDesk {
  readonly #explored: Explored;
  readonly #queues = new Map<string, Queue>();

  constructor(explored: Explored) {
    this.#explored = explored;
  }

  /** The first item that this rater has not rated. @throws HttpFailure as `analysed` */
  next(runId: string, saeName: string, rater: string): RatingItem {
    const { run, sae, store } = this.#explored.analysed(runId, saeName);
    return this.#next(store, sae, this.#queue(run.id, sae, store), rater);
  }

  /** The rating is on the disk when this returns. @throws HttpFailure (400, 404), Failure when it cannot be written */
  rate(runId: string, saeName: string, { item, ...rating }: RatingRequest): RatingItem {
    const { run, sae, store } = this.#explored.analysed(runId, saeName);
    const problem = rubricProblem(rating);
    if (problem !== undefined) throw new HttpFailure(400, problem);
    const queue = this.#queue(run.id, sae, store);
    const rated = queue.find((one) => one.item === item);
    if (rated === undefined) {
      throw new HttpFailure(
        404,
        "what was rated is none of the items that are there now, since the run was analysed again: reload the page",
      );
    }
    const { kind, index, interval } = rated;
    const writable = this.#explored.store(run).write();
    writable.putRating(sae, { ...rating, kind, index, interval });
    return this.#next(writable, sae, queue, rating.rater);
  }

  #next(store: Store, sae: string, queue: readonly QueueItem[], rater: string): RatingItem {
    const own = store.ratings(sae).filter((rating) => rating.rater === rater);
    const rated = new Set(own.map(({ kind, index, interval }) => `${kind} ${index} ${interval}`));
    const left = queue.filter(({ kind, index, interval }) => !rated.has(`${kind} ${index} ${interval}`));
    const counts = { done: queue.length - left.length, total: queue.length };
    for (const { item, kind, index, interval } of left) {
      const unit = store.unit(sae, kind, index);
      if (unit === undefined) continue;
      const words = own
        .filter((rating) => rating.kind === kind && rating.index === index && rating.interpretation !== "")
        .sort((a, b) => (a.created < b.created ? 1 : -1));
      const shown = shownInterval(unit, interval, (id) => store.tokenText(id));
      return { item, ...counts, ...shown, interpretation: words[0]?.interpretation ?? "" };
    }
    return { item: null, ...counts, ...nothingToRate(), interpretation: "" };
  }

  #queue(run: string, sae: string, store: Store): readonly QueueItem[] {
    const analyses = store.analyses().filter((analysis) => analysis.sae === sae);
    const stamp = JSON.stringify(analyses);
    const key = JSON.stringify([run, sae]);
    const known = this.#queues.get(key);
    if (known?.stamp === stamp) return known.items;
    const items = ratingQueue({
      name: JSON.stringify([sae, analyses.map(({ subject }) => subject)]),
      alive: (kind) => {
        const density = store.densities(sae, kind);
        return [...density.keys()].filter((index) => density[index]! > 0);
      },
      intervals: (kind, index) => {
        const unit = store.unit(sae, kind, index);
        return unit === undefined ? [] : occupiedIntervals(unit);
      },
    });
    this.#queues.set(key, { stamp, items });
    return items;
  }
}
