/** The intruder score: share of trials in which the intruder was found. Guessing finds it in one of as many as are shown. */

import type { IntruderTask } from "../protocols/task.ts";
import { mean } from "../../statistics/correlation.ts";
import { shareInterval } from "./interval.ts";
import type { ScoredTask } from "./score.ts";

export function scoreIntruder(
  { trials }: IntruderTask,
  given: readonly (number | null)[],
  seed: number,
): ScoredTask {
  const answers = trials.map(({ excerpts }, i) => {
    const answer = given[i] ?? null;
    return answer !== null && Object.hasOwn(excerpts, answer) ? answer : null;
  });
  const answered = trials.flatMap((trial, i) => (answers[i] === null ? [] : [{ trial, answer: answers[i] }]));
  const found = answered.map(({ trial, answer }) => answer === trial.intruder);
  return {
    scores: [
      {
        kind: "intruder",
        value: found.length === 0 ? null : mean(found.map(Number)),
        interval: shareInterval(found, seed),
        degenerate: false,
        asked: trials.length,
        failed: trials.length - answered.length,
        others: {
          chance: answered.length === 0 ? null : mean(answered.map(({ trial }) => 1 / trial.excerpts.length)),
        },
      },
    ],
    answers: {
      type: "intruder",
      trials: trials.map(({ excerpts, intruder }) => ({ excerpts, intruder })),
      answers,
    },
  };
}
