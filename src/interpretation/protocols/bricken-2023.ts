/**
 * The automated interpretability of Bricken et al. 2023 ("Towards Monosemanticity", appendix): 49 examples to explain from, together with
 * the highest and lowest logit weights and the interval of each example; then the activations of 60 others are predicted from the
 * explanation alone, as integers from 0 to 9.
 *
 *                    top interval   12 other intervals   random   elsewhere
 *     explain                  10               2 × 12        5          10    = 49
 *     predict                   6               2 × 12       10          20    = 60, shuffled; 9 tokens each: 540 predictions
 *
 * `bricken-examples.ts` says what the groups are. Windows of the prediction that hold the same tokens as one that the explainer saw are
 * left out, although they are from another document.
 */

import { activationsOf, type Side, type UnitEvidence } from "../evidence/passage.ts";
import { Random } from "../../random.ts";
import { type BrickenExamples, brickenExamples, type Wanted } from "./bricken-examples.ts";
import { logitTest, shownLogits } from "./logit-test.ts";
import { forLatestUnits } from "./latest-units.ts";
import type { Draw, Protocol } from "./protocol.ts";
import { floorTo } from "./quantise.ts";
import type { Task } from "./task.ts";
import { isTooRare } from "./too-rare.ts";

const EXPLAIN: Wanted = { top: 10, each: 2, random: 5, elsewhere: 10 };
const PREDICT: Wanted = { top: 6, each: 2, random: 10, elsewhere: 20 };

const drawExplaining = forLatestUnits((evidence: UnitEvidence, draw: Draw) =>
  brickenExamples(evidence, "explain", EXPLAIN, stream("explain", draw)),
);

export const bricken2023: Protocol = {
  name: "bricken-2023",

  explaining(evidence, draw) {
    const { excerpts, max } = drawExplaining(evidence, draw);
    return {
      excerpts,
      quantised: excerpts.map((excerpt) =>
        Array.from(activationsOf(evidence.column, excerpt), (f) => floorTo(9, f, max)),
      ),
      scale: 9,
      logits: shownLogits(evidence),
    };
  },

  tasks(evidence, side, draw) {
    if (side === "score" && isTooRare(evidence, side)) return [];
    const random = stream(side, draw);
    const { excerpts: shown } = drawExplaining(evidence, draw);
    const examples = shuffled(brickenExamples(evidence, side, PREDICT, random, shown), random);
    if (examples.excerpts.length === 0) return [];
    const tasks: Task[] = [
      { type: "simulation", scale: 9, excerpts: examples.excerpts, weights: examples.weights },
    ];
    const logits = side === "score" ? logitTest(evidence, draw) : null;
    if (logits !== null) tasks.push(logits);
    return tasks;
  },
};

function stream(side: Side, { seed, unit }: Draw): Random {
  return Random.of(seed, `bricken-2023 ${side} ${unit}`);
}

function shuffled(
  { excerpts, weights }: BrickenExamples,
  random: Random,
): Pick<BrickenExamples, "excerpts" | "weights"> {
  const order = random.permutation(excerpts.length);
  return {
    excerpts: Array.from(order, (i) => excerpts[i]!),
    weights: Array.from(order, (i) => weights[i]!),
  };
}
