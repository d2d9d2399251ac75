/**
 * Simulated activations by number, for endpoints that give no probabilities of prompts: tokens with numbers in, lists of integers out,
 * and where the answer's tokens come with alternatives the expected value of each.
 *
 *     scale 10, bills-2023     one excerpt a request, in rows of eight tokens
 *     scale 9, bricken-2023    all excerpts in one request; in smaller ones when the answer is cut or lacks much
 *
 * The model is asked for 0–9 in both: "10" is one token for some tokenizers and two for others, and its probability could not be told
 * from that of 1. Values for a scale to 10 are stretched by 10/9, which no correlation notices.
 */

import type { Sequence } from "../evidence/passage.ts";
import { quoted, quotedList } from "../prompts/quoted.ts";
import type { Prompts } from "../prompts/prompts.ts";
import { type Asking, askNumbers, type Question, settled } from "./ask-numbers.ts";
import type { AnsweredValue } from "./numbered-answer.ts";

const HIGHEST = 9;
const ROW = 8;

/** Tokens of one request at most, and of each where one for all was too much. */
export const LONGEST = 600;
const SMALLER = 135;

export async function simulateNumbered(
  asking: Asking,
  explanation: string,
  sequences: readonly Sequence[],
  scale: 9 | 10,
): Promise<(number[] | null)[]> {
  const questions = simulationQuestions(asking.prompts, explanation, sequences, scale);
  const answers = await settled(questions.map((question) => askNumbers(asking, question)));
  if (scale === 9) return answers.flat().map((values) => values && scaled(values, 1));
  // The rows of one excerpt: all or nothing.
  return answers.map((rows) =>
    rows.some((row) => row === null)
      ? null
      : scaled(
          rows.flatMap((row) => row!),
          scale / HIGHEST,
        ),
  );
}

/** The requests of a simulation, in order; one slot for each sequence at scale 9, one for each row at scale 10. */
export function simulationQuestions(
  prompts: Prompts,
  explanation: string,
  sequences: readonly Sequence[],
  scale: 9 | 10,
): Question[] {
  if (scale === 10) return sequences.map((sequence) => oneExcerpt(prompts, explanation, sequence));
  return chunked(sequences, LONGEST).map((chunk) => manyExcerpts(prompts, explanation, chunk));
}

function oneExcerpt(prompts: Prompts, explanation: string, { texts }: Sequence): Question {
  const rows = Array.from({ length: Math.ceil(texts.length / ROW) }, (_, row) => ({
    key: String(row + 1),
    tokens: texts.slice(row * ROW, (row + 1) * ROW),
  }));
  const text = rows
    .map(({ key, tokens }, row) =>
      [
        `row ${key}, ${plural(tokens.length)}`,
        ...tokens.map((token, i) => `${row * ROW + i}\t${quoted(token)}`),
      ].join("\n"),
    )
    .join("\n");
  return {
    name: "activations",
    messages: prompts.messages("simulate-numbered", { explanation: quoted(explanation), rows: text }),
    slots: rows.map(({ key, tokens }) => ({ key, count: tokens.length })),
    bounds: { lowest: 0, highest: HIGHEST },
  };
}

function manyExcerpts(
  prompts: Prompts,
  explanation: string,
  sequences: readonly Sequence[],
  canBeSmaller = true,
): Question {
  const lines = sequences.map(
    ({ texts }, i) => `${i + 1}\t${plural(texts.length)}\t[${quotedList(texts, ",")}]`,
  );
  return {
    name: "activations",
    messages: prompts.messages("bricken-predict", {
      explanation: quoted(explanation),
      excerpts: lines.join("\n"),
    }),
    slots: sequences.map(({ texts }, i) => ({ key: String(i + 1), count: texts.length })),
    bounds: { lowest: 0, highest: HIGHEST },
    ...(canBeSmaller && {
      smaller: (slots) =>
        chunked(
          slots.map((i) => sequences[i]!),
          SMALLER,
        ).map((chunk) => manyExcerpts(prompts, explanation, chunk, false)),
    }),
  };
}

/** Neighbours together, as many as have no more tokens than that; one alone may have more. */
export function chunked(sequences: readonly Sequence[], tokens: number): Sequence[][] {
  const chunks: Sequence[][] = [];
  let room = 0;
  for (const sequence of sequences) {
    room -= sequence.texts.length;
    if (chunks.length === 0 || room < 0) {
      chunks.push([]);
      room = tokens - sequence.texts.length;
    }
    chunks.at(-1)!.push(sequence);
  }
  return chunks;
}

function scaled(values: readonly AnsweredValue[], factor: number): number[] {
  return values.map(({ integer, expected }) => factor * (expected ?? integer));
}

function plural(count: number): string {
  return `${count} token${count === 1 ? "" : "s"}`;
}
