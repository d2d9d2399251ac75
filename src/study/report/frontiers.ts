/** Sparsity against what one wants for it: which trials no other beats in both, and which of them might be by chance. */

import { paretoFront, type Standing } from "../../statistics/pareto.ts";
import type { Interval } from "../../statistics/quantiles.ts";
import type { Outcome, OutcomeDefinition } from "../outcomes/outcome.ts";
import { columnOf, type Population } from "./population.ts";

export interface FrontierPoint {
  readonly trial: string;
  readonly x: Outcome;
  readonly y: Outcome;
  readonly standing: Standing;
}

export interface Frontier {
  readonly x: OutcomeDefinition;
  readonly y: OutcomeDefinition;
  readonly points: readonly FrontierPoint[];
  /** Those on the front, by x. */
  readonly front: readonly FrontierPoint[];
}

/** Null with fewer than two trials that have both. */
export function frontierOf(
  population: Population,
  x: OutcomeDefinition,
  y: OutcomeDefinition,
): Frontier | null {
  const [ofX, ofY] = [x, y].map((definition) => columnOf(population, definition).outcomes) as [
    (Outcome | undefined)[],
    (Outcome | undefined)[],
  ];
  const both = population.trials.flatMap(({ name }, i) => {
    const [first, second] = [ofX[i], ofY[i]];
    return first === undefined || second === undefined ? [] : [{ trial: name, x: first, y: second }];
  });
  if (both.length < 2) return null;
  const { standings, front } = paretoFront(
    both.map((point) => ({
      x: point.x.value,
      y: point.y.value,
      xInterval: intervalOf(point.x),
      yInterval: intervalOf(point.y),
    })),
    { x: "lower", y: y.better ?? "higher" },
  );
  const points = both.map((point, i) => ({ ...point, standing: standings[i]! }));
  return { x, y, points, front: front.map((i) => points[i]!) };
}

function intervalOf({ low, high }: Outcome): Interval | null {
  return low === null || high === null ? null : [low, high];
}
