/**
 * Yes or no from an explanation, and which text does not belong:
 *
 *     detection, fuzzing   five texts a request (Paulo et al. 2024); the last may have fewer
 *     logit test           25 tokens a request (Bricken et al. 2023)
 *     intruder             one trial a request, without the explanation, as published: it measures the unit, not what is said of it
 *
 * Where the endpoint gives probabilities, that of yes is p("1") / (p("0") + p("1")) at the item's own token.
 */

import type { Sequence } from "../evidence/passage.ts";
import { quoted, quotedWithMarks } from "../prompts/quoted.ts";
import type { Prompts } from "../prompts/prompts.ts";
import type { MarkedSequence, Verdict } from "../protocols/task.ts";
import { type Asking, askNumbers, type Question, settled } from "../simulators/ask-numbers.ts";

export const TEXTS_AT_ONCE = 5;
export const TOKENS_AT_ONCE = 25;

/** Items of one request, the number of each in front. */
function numbered(items: readonly string[]): string {
  return items.map((item, i) => `${i + 1}\t${item}`).join("\n");
}

function yesOrNo(messages: Question["messages"], count: number): Question {
  return {
    name: "verdicts",
    messages,
    slots: Array.from({ length: count }, (_, i) => ({ key: String(i + 1), count: null })),
    bounds: { lowest: 0, highest: 1 },
  };
}

function inBatches<Item, Result>(
  items: readonly Item[],
  size: number,
  of: (batch: readonly Item[]) => Result,
): Result[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    of(items.slice(i * size, (i + 1) * size)),
  );
}

export function detectionQuestions(
  prompts: Prompts,
  explanation: string,
  sequences: readonly Sequence[],
): Question[] {
  return inBatches(sequences, TEXTS_AT_ONCE, (batch) => {
    const texts = numbered(batch.map(({ texts: tokens }) => quotedWithMarks(tokens, [])));
    return yesOrNo(prompts.messages("detect", { explanation: quoted(explanation), texts }), batch.length);
  });
}

export function fuzzingQuestions(
  prompts: Prompts,
  explanation: string,
  sequences: readonly MarkedSequence[],
): Question[] {
  return inBatches(sequences, TEXTS_AT_ONCE, (batch) => {
    const texts = numbered(batch.map(({ texts: tokens, marked }) => quotedWithMarks(tokens, marked)));
    return yesOrNo(prompts.messages("fuzz", { explanation: quoted(explanation), texts }), batch.length);
  });
}

export function logitQuestions(
  prompts: Prompts,
  explanation: string,
  tokens: readonly { readonly text: string }[],
): Question[] {
  return inBatches(tokens, TOKENS_AT_ONCE, (batch) => {
    const list = numbered(batch.map(({ text }) => quoted(text)));
    return yesOrNo(
      prompts.messages("logits", { explanation: quoted(explanation), tokens: list }),
      batch.length,
    );
  });
}

export function intruderQuestions(
  prompts: Prompts,
  trials: readonly (readonly MarkedSequence[])[],
): Question[] {
  return trials.map((trial) => ({
    name: "intruder",
    messages: prompts.messages("intruder", {
      texts: numbered(trial.map(({ texts, marked }) => quotedWithMarks(texts, marked))),
    }),
    slots: [{ key: "intruder", count: null }],
    bounds: { lowest: 1, highest: trial.length },
  }));
}

/** A verdict on each item of the questions, in order. */
export async function judge(asking: Asking, questions: readonly Question[]): Promise<(Verdict | null)[]> {
  const answers = await settled(questions.map((question) => askNumbers(asking, question)));
  return answers
    .flat()
    .map((values) => values && { yes: values[0]!.integer === 1, probability: values[0]!.expected });
}

/** The place of the intruder in each trial. */
export async function findIntruders(
  asking: Asking,
  trials: readonly (readonly MarkedSequence[])[],
): Promise<(number | null)[]> {
  const questions = intruderQuestions(asking.prompts, trials);
  const answers = await settled(questions.map((question) => askNumbers(asking, question)));
  return answers.map(([values]) => (values ? values[0]!.integer - 1 : null));
}
