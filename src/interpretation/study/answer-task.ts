/** Puts a task to whoever knows an explanation: text goes out, never what the unit did on it. */

import { type Excerpt, type Passage, sequenceOf } from "../evidence/passage.ts";
import type { Answerer, MarkedSequence, Task } from "../protocols/task.ts";
import type { Answers } from "../scores/score-task.ts";

export async function answerTask(task: Task, answerer: Answerer, passage: Passage): Promise<Answers> {
  const marked = (excerpt: Excerpt, places: readonly number[]): MarkedSequence => ({
    ...sequenceOf(passage, excerpt),
    marked: places,
  });
  switch (task.type) {
    case "simulation":
      return answerer.simulate(
        task.excerpts.map((excerpt) => sequenceOf(passage, excerpt)),
        task.scale,
      );
    case "detection":
      return answerer.detect(task.items.map(({ excerpt }) => sequenceOf(passage, excerpt)));
    case "fuzzing":
      return answerer.fuzz(task.items.map((item) => marked(item.excerpt, item.marked)));
    case "intruder":
      return answerer.intrude(
        task.trials.map(({ excerpts, marked: places }) =>
          excerpts.map((excerpt, i) => marked(excerpt, places[i]!)),
        ),
      );
    case "logits":
      return answerer.plausible(task.tokens.map((id) => ({ id, text: passage.tokenText(id) })));
  }
}
