/**
 * Asks for integers by key, and once more for those that are missing: a chat, its answer read, one repair that names what is missing.
 * A long question may be asked again in smaller ones instead, where its answer was cut or lacks too much. What is missing after that
 * is null.
 */

import {
  type ChatAnswer,
  type ChatMessage,
  type ChatRequest,
  type Endpoint,
  RequestFailed,
} from "../endpoint/endpoint.ts";
import type { Prompts } from "../prompts/prompts.ts";
import { DOUBTFUL } from "./expected-value.ts";
import { type AnsweredValue, type Bounds, readNumbers, type Slot } from "./numbered-answer.ts";
import type { Tally } from "./tally.ts";

export interface Question {
  /** Of the JSON Schema. */
  readonly name: string;
  readonly messages: readonly ChatMessage[];
  readonly slots: readonly Slot[];
  readonly bounds: Bounds;
  /** The same for these slots only, in smaller questions; their slots put together are those. */
  readonly smaller?: (slots: readonly number[]) => readonly Question[];
}

/** With whom, and how. */
export interface Asking {
  readonly endpoint: Endpoint;
  readonly prompts: Prompts;
  /** Whether expected values are read from the answer's probabilities, where the endpoint has them. */
  readonly probabilities: boolean;
  readonly tally: Tally;
  readonly signal?: AbortSignal | undefined;
}

/** More missing than this are asked in smaller questions, where there are such. */
const FEW = 15;

/** Listed for each token: the ten digits, and as many other things. */
const ALTERNATIVES = 20;

/** The values of each slot. @throws BudgetSpent, and the signal's reason */
export async function askNumbers(
  asking: Asking,
  question: Question,
): Promise<(readonly AnsweredValue[] | null)[]> {
  const { tally } = asking;
  const values = await askAll(asking, question);
  for (const value of values.flatMap((one) => one ?? [])) {
    tally.values++;
    if (value.kept === null) continue;
    tally.expected++;
    tally.kept += value.kept;
    if (value.kept < DOUBTFUL) tally.doubtful++;
  }
  return values;
}

async function askAll(asking: Asking, question: Question): Promise<(readonly AnsweredValue[] | null)[]> {
  const { slots } = question;
  const first = await chat(asking, requestOf(asking, question));
  const nothing = slots.map(() => null);
  if (first === undefined) return nothing;
  const values = read(asking, first, question);
  const missing = slots.map((_, i) => i).filter((i) => values[i] === null);
  if (missing.length === 0) return values;

  asking.tally.repairs++;
  let again: (readonly AnsweredValue[] | null)[];
  if (question.smaller !== undefined && (first.finish === "length" || missing.length > FEW)) {
    const answers = await settled(question.smaller(missing).map((smaller) => askAll(asking, smaller)));
    again = answers.flat();
  } else {
    const repair = repairOf(asking, question, first, missing);
    const second = await chat(asking, requestOf(asking, repair));
    again = second === undefined ? missing.map(() => null) : read(asking, second, repair);
  }
  missing.forEach((slot, i) => (values[slot] = again[i]!));
  return values;
}

function read({ probabilities }: Asking, answer: ChatAnswer, { slots, bounds }: Question) {
  return readNumbers(answer, slots, bounds, probabilities);
}

function repairOf({ prompts }: Asking, question: Question, answer: ChatAnswer, missing: number[]): Question {
  const { bounds } = question;
  const slots = missing.map((i) => question.slots[i]!);
  const said: ChatMessage[] = answer.text === "" ? [] : [{ role: "assistant", content: answer.text }];
  const repair = prompts.messages("repair", {
    missing: slots
      .map(({ key, count }) => `"${key}" (${count ?? 1} integer${count === null || count === 1 ? "" : "s"})`)
      .join(", "),
    lowest: String(bounds.lowest),
    highest: String(bounds.highest),
  });
  return { name: question.name, messages: [...question.messages, ...said, ...repair], slots, bounds };
}

/** The request of a question, as it is sent and as its cost is estimated. */
export function requestOf(
  { endpoint, probabilities }: Pick<Asking, "endpoint" | "probabilities">,
  question: Question,
): ChatRequest {
  const { support } = endpoint;
  const alternatives = probabilities ? Math.min(ALTERNATIVES, support.topLogprobs) : 0;
  return {
    messages: question.messages,
    maxTokens: question.slots.reduce((sum, slot) => sum + longestOf(slot), 100),
    ...(alternatives > 0 && { topLogprobs: alternatives }),
    ...(support.schema !== null && { schema: { name: question.name, schema: schemaOf(question) } }),
  };
}

/** Tokens of an answer as it is wanted: `"12":[0,3],` with every sign a token but the digits of the key. */
export function expectedLength({ slots }: Question): number {
  return slots.reduce((sum, { count }) => sum + 5 + (count === null ? 1 : 2 * count), 2);
}

/** Twice that: spaces and line breaks may be tokens too. */
function longestOf({ count }: Slot): number {
  return 12 + 4 * (count ?? 1);
}

function schemaOf({ slots, bounds: { lowest, highest } }: Question): Readonly<Record<string, unknown>> {
  const integer = {
    type: "integer",
    enum: Array.from({ length: highest - lowest + 1 }, (_, i) => lowest + i),
  };
  return {
    type: "object",
    properties: Object.fromEntries(
      // Lengths of lists are in no schema that all endpoints take.
      slots.map(({ key, count }) => [key, count === null ? integer : { type: "array", items: integer }]),
    ),
    required: slots.map(({ key }) => key),
    additionalProperties: false,
  };
}

/** Undefined for a request without an answer, and for a refusal. */
async function chat(
  { endpoint, tally, signal }: Asking,
  request: ChatRequest,
): Promise<ChatAnswer | undefined> {
  let answer: ChatAnswer;
  try {
    answer = await endpoint.chat(request, signal);
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    tally.failedRequests++;
    return undefined;
  }
  if (answer.finish === "length") tally.cut++;
  if (answer.refusal === null && answer.finish !== "filter") return answer;
  tally.refusals++;
  return undefined;
}

/** All of them, or when they are all over the first reason why one was not: nothing goes on behind the back of who waits. */
export async function settled<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return results.map((result) => (result as PromiseFulfilledResult<T>).value);
}
