/**
 * Simulated activations from the probabilities of a prompt's own tokens (Bills et al. 2023, "all at once"): every value in the prompt
 * says "unknown", and what the model would have expected there is read from one pass over it. No value depends on another prediction.
 *
 *     …
 *     " rain"⇥unknown
 *             └ p("7") = 0.2, p("8") = 0.1, … → Σ v·p_v / Σ p_v
 *
 * Places are found by characters, not by counting tokens: tokenizers join the tab with what follows, or split tokens of the text.
 * A raw tab stands only before values, since the text's own tabs are escaped. Where a tokenizer writes 10 as two tokens, the
 * probability of "1" would be that of 1 and of 10; the prompt with a scale to 9 is used then, and its values are stretched.
 */

import {
  type Endpoint,
  type PromptScoreAnswer,
  RequestFailed,
  type TokenLogprob,
} from "../endpoint/endpoint.ts";
import type { Sequence } from "../evidence/passage.ts";
import { quoted } from "../prompts/quoted.ts";
import type { Prompts } from "../prompts/prompts.ts";
import { type Asking, settled } from "./ask-numbers.ts";
import { DOUBTFUL, expectedValue, type Expected } from "./expected-value.ts";
import { tokenAt } from "./numbered-answer.ts";
import { chunked, LONGEST } from "./numbered.ts";

const UNKNOWN = "unknown";

/** The eleven values, and what may stand in their place. */
export const PROMPT_ALTERNATIVES = 20;

export async function simulateAllAtOnce(
  asking: Asking,
  explanation: string,
  sequences: readonly Sequence[],
  scale: 9 | 10,
): Promise<(number[] | null)[]> {
  const asked = scale === 10 && (await writesTenAsOne(asking)) ? 10 : 9;
  const answers = await settled(
    scoredChunks(sequences, scale).map(async (chunk) => {
      const prompt = promptOf(asking.prompts, explanation, chunk, asked);
      const answer = await score(asking, prompt, PROMPT_ALTERNATIVES);
      return answer === undefined
        ? chunk.map(() => null)
        : read(asking, answer, prompt, chunk, asked, scale / asked);
    }),
  );
  return answers.flat();
}

/** One short request for each endpoint, the same whatever is simulated, so that a repeated run finds it in the cache. */
const tenAsOne = new WeakMap<Endpoint, Promise<boolean>>();

async function writesTenAsOne(asking: Asking): Promise<boolean> {
  const { endpoint } = asking;
  let known = tenAsOne.get(endpoint);
  if (known === undefined) {
    known = askForTen(asking);
    tenAsOne.set(endpoint, known);
    known.catch(() => tenAsOne.delete(endpoint));
  }
  return known;
}

/** False without an answer: the scale to 9 is right for every tokenizer. */
async function askForTen(asking: Asking): Promise<boolean> {
  const answer = await score(asking, TEN, 1);
  if (answer === undefined) return false;
  const { starts, text } = spelled(answer);
  const place = text.lastIndexOf("\t10\n") + 1;
  return place > 0 && tokenAt(starts, place) === tokenAt(starts, place + 1);
}

const TEN = '" a"\t0\n" b"\t10\n" c"\t0\n';

/** What is scored in one prompt: an excerpt of bills-2023, or as many short ones as fit. */
export function scoredChunks(sequences: readonly Sequence[], scale: 9 | 10): Sequence[][] {
  return scale === 10 ? sequences.map((sequence) => [sequence]) : chunked(sequences, LONGEST);
}

export function promptOf(
  prompts: Prompts,
  explanation: string,
  sequences: readonly Sequence[],
  scale: 9 | 10,
): string {
  const excerpts = sequences.map(({ texts }, i) =>
    [
      `excerpt ${i + 1} begins`,
      ...texts.map((text) => `${quoted(text)}\t${UNKNOWN}`),
      `excerpt ${i + 1} ends`,
    ].join("\n"),
  );
  return prompts.text(scale === 10 ? "simulate-all-at-once" : "simulate-all-at-once-9", {
    explanation: quoted(explanation),
    excerpts: excerpts.join("\n"),
  });
}

/** Undefined for a request without an answer. */
async function score(
  { endpoint, tally, signal }: Asking,
  prompt: string,
  topLogprobs: number,
): Promise<PromptScoreAnswer | undefined> {
  try {
    return await endpoint.scorePrompt({ prompt, topLogprobs }, signal);
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    tally.failedRequests++;
    return undefined;
  }
}

function read(
  { tally }: Asking,
  answer: PromptScoreAnswer,
  prompt: string,
  sequences: readonly Sequence[],
  highest: number,
  factor: number,
): (number[] | null)[] {
  const { starts, text } = spelled(answer);
  const places = placesOf(text);
  // Counted from the end: those of the worked examples come first. A token that was lost or made up would shift them all.
  if (places.length !== placesOf(prompt).length) {
    tally.lostPlaces++;
    return sequences.map(() => null);
  }
  let at = places.length - sequences.reduce((sum, { texts }) => sum + texts.length, 0);
  return sequences.map(({ texts }) => {
    const own = places.slice(at, (at += texts.length));
    const values = own.map((place) => expectedAt(answer, starts, text, place, highest));
    if (values.some((one) => one === undefined)) {
      tally.lostPlaces++;
      return null;
    }
    return (values as Expected[]).map(({ value, kept }) => {
      tally.values++;
      tally.expected++;
      tally.kept += kept;
      if (kept < DOUBTFUL) tally.doubtful++;
      return factor * value;
    });
  });
}

/** Where "unknown" begins, each behind its tab. */
function placesOf(text: string): number[] {
  return [...text.matchAll(/\tunknown(?![^\n])/g)].map(({ index }) => index + 1);
}

function spelled({ tokens }: PromptScoreAnswer): { starts: number[]; text: string } {
  const starts = [0];
  for (const { token } of tokens) starts.push(starts.at(-1)! + token.length);
  return { starts, text: tokens.map(({ token }) => token).join("") };
}

/** Undefined when what stands there begins within a token that is more than space, or no alternative is a value. */
function expectedAt(
  { tokens }: PromptScoreAnswer,
  starts: readonly number[],
  text: string,
  place: number,
  highest: number,
): Expected | undefined {
  const index = tokenAt(starts, place);
  if (text.slice(starts[index], place).trim() !== "") return undefined;
  const { top } = tokens[index]!;
  const expected = expectedValue(top, (token) => {
    const value = token.trim();
    return /^(?:\d|10)$/.test(value) && Number(value) <= highest ? Number(value) : undefined;
  });
  const rest = 1 - unknownMass(top);
  return expected && { value: expected.value, kept: rest > 0 ? Math.min(1, expected.kept / rest) : 0 };
}

/** "unknown" is what stands there and is often expected: what is kept is measured within the rest. */
function unknownMass(top: readonly TokenLogprob[]): number {
  return top.reduce((sum, { token, logprob }) => {
    const start = token.trim();
    return start !== "" && UNKNOWN.startsWith(start) ? sum + Math.exp(logprob) : sum;
  }, 0);
}
