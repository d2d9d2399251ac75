/**
 * The requests that explaining and scoring one unit takes, before anything is sent: for the estimate of what it costs. The explanation is
 * not there yet; one of usual length stands in its place. Repairs are not foreseen.
 */

import type { Endpoint, SimulatorMode } from "../endpoint/endpoint.ts";
import { type Passage, sequenceOf } from "../evidence/passage.ts";
import { explainingMessages, LONGEST_EXPLANATION } from "../explainers/language-model.ts";
import { detectionQuestions, fuzzingQuestions, intruderQuestions, logitQuestions } from "../judges/judge.ts";
import type { Prompts } from "../prompts/prompts.ts";
import type { Explaining } from "../protocols/protocol.ts";
import type { ProtocolName, Task } from "../protocols/task.ts";
import { promptOf, scoredChunks } from "./all-at-once.ts";
import { expectedLength, type Question, requestOf } from "./ask-numbers.ts";
import { judgesByProbability } from "./model-answerer.ts";
import { simulationQuestions } from "./numbered.ts";

export interface PlannedRequest {
  /** Characters of all messages, and how many there are. */
  readonly inputChars: number;
  readonly messages: number;
  /** The longest answer that is asked for and the usual one, without what a model that reasons takes for that. */
  readonly maxOutputTokens: number;
  readonly usualOutputTokens: number;
}

/** About forty tokens. */
const EXPLANATION =
  "words for what falls from the sky in bad weather, most of all where a forecast names a place and a day, less in stories, and the " +
  "same words when they stand for something else";
const USUAL_EXPLANATION = 40;

export function planRequests(
  endpoint: Endpoint,
  prompts: Prompts,
  passage: Passage,
  unit: {
    /** Null when the explanation is there already. */
    readonly explaining: Explaining | null;
    readonly protocol: ProtocolName;
    readonly tasks: readonly Task[];
  },
  mode: SimulatorMode,
): PlannedRequest[] {
  const planned: PlannedRequest[] = [];
  if (unit.explaining !== null)
    planned.push({
      ...sizeOf(explainingMessages(prompts, passage, unit.explaining, unit.protocol)),
      maxOutputTokens: LONGEST_EXPLANATION,
      usualOutputTokens: USUAL_EXPLANATION,
    });
  for (const task of unit.tasks) planned.push(...ofTask(endpoint, prompts, passage, task, mode));
  return planned;
}

function ofTask(
  endpoint: Endpoint,
  prompts: Prompts,
  passage: Passage,
  task: Task,
  mode: SimulatorMode,
): PlannedRequest[] {
  if (task.type === "simulation" && mode === "prompt-logprobs") {
    const sequences = task.excerpts.map((excerpt) => sequenceOf(passage, excerpt));
    return scoredChunks(sequences, task.scale).map((chunk) => ({
      ...sizeOf([{ content: promptOf(prompts, EXPLANATION, chunk, task.scale) }]),
      maxOutputTokens: 0,
      usualOutputTokens: 0,
    }));
  }
  const asking = { endpoint, probabilities: judgesByProbability(mode) };
  return questionsOf(prompts, passage, task).map((question) => ({
    ...sizeOf(question.messages),
    maxOutputTokens: requestOf(asking, question).maxTokens,
    usualOutputTokens: expectedLength(question),
  }));
}

function questionsOf(prompts: Prompts, passage: Passage, task: Task): Question[] {
  switch (task.type) {
    case "simulation": {
      const sequences = task.excerpts.map((excerpt) => sequenceOf(passage, excerpt));
      return simulationQuestions(prompts, EXPLANATION, sequences, task.scale);
    }
    case "detection":
    case "fuzzing": {
      const sequences = task.items.map(({ excerpt, marked }) => ({
        ...sequenceOf(passage, excerpt),
        marked,
      }));
      return task.type === "detection"
        ? detectionQuestions(prompts, EXPLANATION, sequences)
        : fuzzingQuestions(prompts, EXPLANATION, sequences);
    }
    case "intruder":
      return intruderQuestions(
        prompts,
        task.trials.map(({ excerpts, marked }) =>
          excerpts.map((excerpt, i) => ({ ...sequenceOf(passage, excerpt), marked: marked[i]! })),
        ),
      );
    case "logits":
      return logitQuestions(
        prompts,
        EXPLANATION,
        task.tokens.map((id) => ({ text: passage.tokenText(id) })),
      );
  }
}

function sizeOf(
  messages: readonly { readonly content: string }[],
): Pick<PlannedRequest, "inputChars" | "messages"> {
  return {
    inputChars: messages.reduce((sum, { content }) => sum + content.length, 0),
    messages: messages.length,
  };
}
