/**
 * What answers to a task are worth. Excerpts, items and trials without a usable answer (none, of another length, not a number) are left
 * out and counted; nothing is put in their place. Without any usable answer there is no value.
 */

import type { UnitEvidence } from "../evidence/passage.ts";
import type { Draw } from "../protocols/protocol.ts";
import type { Task, Verdict } from "../protocols/task.ts";
import { scoreIntruder } from "./intruder-score.ts";
import type { ScoredTask } from "./score.ts";
import { scoreSimulation } from "./simulation-score.ts";
import { scoreClassification, scoreLogits } from "./verdict-score.ts";

type Simulated = readonly (readonly number[] | null)[];
type Places = readonly (number | null)[];
type Verdicts = readonly (Verdict | null)[];

/** What an answerer gives for a task: one element for each excerpt, trial, item or token, null where there is no usable answer. */
export type Answers = Simulated | Places | Verdicts;

/**
 * @param answers to this task, in its order
 * @param evidence of the unit that the task was drawn from
 * @param draw `seed` of the intervals; they do not depend on the unit
 */
export function scoreTask(task: Task, answers: Answers, evidence: UnitEvidence, { seed }: Draw): ScoredTask {
  switch (task.type) {
    case "simulation":
      return scoreSimulation(task, answers as Simulated, evidence, seed);
    case "intruder":
      return scoreIntruder(task, answers as Places, seed);
    case "logits":
      return scoreLogits(task, answers as Verdicts, seed);
    case "detection":
    case "fuzzing":
      return scoreClassification(task, answers as Verdicts, seed);
  }
}
