/**
 * What a server supports, found out with a handful of tiny requests. Silence is no consent: servers ignore fields that they do not know,
 * so every ability has to show in an answer. The answer has to end at the limit, list several alternatives with different probabilities,
 * be JSON where the words asked for prose, be about the tokens of the very prompt that was sent.
 */

import { Failure } from "../../errors.ts";
import { readChat, type ReadChat } from "./chat-answer.ts";
import type { EndpointSupport, PromptScoreAnswer } from "./endpoint.ts";
import { readPromptScore } from "./prompt-score.ts";
import {
  CHAT_PATH,
  formatOf,
  type ProbedSupport,
  promptScoreCall,
  type PromptWay,
  worstOfChat,
} from "./requests.ts";
import { FEWEST_ALTERNATIVES } from "./simulator-mode.ts";
import { Stopped, Unanswered } from "./transport.ts";
import type { Call } from "./transport.ts";

export interface Prober {
  readonly model: string;
  readonly address: string;
  /** The address without /v1. */
  readonly root: string;
  readonly reasoningTokens: number;
  /** Chats are streamed: added to their bodies. */
  readonly streamed: object;
  send<T>(call: Call<T>): Promise<{ readonly value: T }>;
}

/** Enough to see that it ends there: the answer asked for is longer. */
const LIMIT = 16;
const COUNT = "Count from 1 to 40 in digits, separated by commas. Write nothing else.";
const MOST = 20;
/** Fewer than for the work itself: some servers fail, time after time, on a field that they do not know. */
const RETRIES = 3;

/**
 * @throws Failure when no chat is answered: with the reason, such as a wrong key, model or address
 */
export async function probe(prober: Prober): Promise<ProbedSupport> {
  const { maxTokensName, reasons: seen } = await limitName(prober);
  const enough = LIMIT + (seen ? prober.reasoningTokens : 0);
  const talk = (more: object, content = COUNT, limit = enough) =>
    ask(prober, {
      model: prober.model,
      messages: [{ role: "user", content }],
      [maxTokensName]: limit,
      ...more,
    });

  // The two that reasoning models refuse, alone and together: with reasoning switched off they may be had.
  const temperature = (await talk({ temperature: 0 })) !== null;
  let topLogprobs = await answerAlternatives(talk, temperature);
  let effort: "none" | null = null;
  let warm = temperature;
  if (!temperature || (topLogprobs === 0 && seen)) {
    const off = { reasoning_effort: "none", temperature: 0 };
    if ((await talk(off)) !== null) {
      const found = await answerAlternatives((more) => talk({ ...off, ...more }), true);
      if (found > topLogprobs) {
        effort = "none";
        warm = true;
        topLogprobs = found;
      }
    }
  }
  // A model that refuses a temperature reasons, whether it says so or not.
  const reasons = effort === null && (seen || !warm);
  const basis = { ...(warm && { temperature: 0 }), ...(effort !== null && { reasoning_effort: effort }) };
  const room = reasons ? prober.reasoningTokens : 0;
  const schema = await bindingSchema((more, content) => talk({ ...basis, ...more }, content, 48 + room));
  const scored = await promptScores(prober);
  return {
    promptLogprobs: scored?.way ?? null,
    promptTopLogprobs: scored?.top ?? 0,
    topLogprobs,
    schema,
    temperature: warm,
    maxTokensName,
    reasons,
    reasoningEffort: effort,
  };
}

type Talk = (more: object, content?: string, limit?: number) => Promise<ReadChat | null>;

/** Null when the server refuses the request. */
async function ask(prober: Prober, body: Record<string, unknown>): Promise<ReadChat | null> {
  return accepted(prober, {
    path: CHAT_PATH,
    body: { ...body, ...prober.streamed },
    worst: worstOfChat(body),
    read: readChat,
    retries: RETRIES,
  });
}

/**
 * Null when the server refuses. What only failed in passing is no answer to the question whether it can.
 * @throws Failure when the server could not be asked
 */
async function accepted<T>(prober: Prober, call: Call<T>): Promise<T | null> {
  try {
    return (await prober.send(call)).value;
  } catch (error) {
    if (error instanceof Unanswered && error.status !== null && refusal(error.status)) return null;
    if (error instanceof Unanswered)
      throw new Failure(`the language model cannot be reached: ${error.message}`);
    throw error;
  }
}

/** 400 and its like, and what servers answer that fail on a field they do not know; not a server that is busy. */
function refusal(status: number): boolean {
  return status < 500 ? status !== 429 && status !== 408 : status === 500 || status === 501;
}

/** By which name the limit on the answer's length goes. The first chat of all: whoever is wrong about the server learns it here. */
async function limitName(
  prober: Prober,
): Promise<{ readonly maxTokensName: EndpointSupport["maxTokensName"]; readonly reasons: boolean }> {
  const messages = [{ role: "user", content: COUNT }];
  let refused: Unanswered | undefined;
  let ignored: { maxTokensName: EndpointSupport["maxTokensName"]; reasons: boolean } | undefined;
  for (const maxTokensName of ["max_tokens", "max_completion_tokens"] as const) {
    const body = { model: prober.model, messages, [maxTokensName]: LIMIT };
    try {
      const { value } = await prober.send({
        path: CHAT_PATH,
        body: { ...body, ...prober.streamed },
        worst: worstOfChat(body),
        read: readChat,
      });
      const { text, finish } = value.answer;
      const found = { maxTokensName, reasons: value.reasoned || (text === "" && finish === "length") };
      // A limit that is passed over lets the answer run on to the fortieth number.
      if (!/\b(30|40)\b/.test(text)) return found;
      ignored ??= found;
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      // The reasoning alone was longer than the limit.
      if (/could not finish|output limit/i.test(error.message)) return { maxTokensName, reasons: true };
      if (refused === undefined || refused.message.includes("max_completion_tokens")) refused = error;
      if (error.status === null || !refusal(error.status)) break;
    }
  }
  if (ignored !== undefined) return ignored;
  throw new Failure(`the language model ${prober.model} cannot be asked: ${refused!.message}`);
}

/** Alternatives that the answer's tokens come with; 0 when they are not real probabilities. */
async function answerAlternatives(talk: Talk, temperature: boolean): Promise<number> {
  for (const wanted of [MOST, FEWEST_ALTERNATIVES]) {
    const more = { logprobs: true, top_logprobs: wanted, ...(temperature && { temperature: 0 }) };
    const answer = await talk(more);
    if (answer === null) continue;
    const tokens = answer.answer.tokens ?? [];
    const fewest = Math.min(wanted, ...tokens.map(({ top }) => top.length));
    // Some proxies fill the form with zeros.
    const real = tokens.some(({ top }) => new Set(top.map(({ logprob }) => logprob)).size > 1);
    return tokens.length > 0 && real ? fewest : 0;
  }
  return 0;
}

const DIGIT_SCHEMA = {
  name: "next_number",
  schema: {
    type: "object",
    properties: { next: { type: "integer" } },
    required: ["next"],
    additionalProperties: false,
  },
};

/** Asked for prose, only a bound answer is JSON. */
async function bindingSchema(
  talk: (more: object, content: string) => Promise<ReadChat | null>,
): Promise<EndpointSupport["schema"]> {
  const question = "Which number comes after six? Answer with a whole English sentence, and not in JSON.";
  for (const kind of ["json_schema", "json_object"] as const) {
    const answer = await talk({ response_format: formatOf(DIGIT_SCHEMA, kind) }, question);
    if (answer !== null && isBound(answer.answer.text, kind)) return kind;
  }
  return null;
}

function isBound(text: string, kind: "json_schema" | "json_object"): boolean {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return false;
    return kind === "json_object" || Number.isInteger((value as { next?: unknown }).next);
  } catch {
    return false;
  }
}

/** Lines with slots, as they are scored later. */
const SCORED = " the\tunknown\n cat\tunknown\n sat\t10\n";

async function promptScores(
  prober: Prober,
): Promise<{ readonly way: PromptWay; readonly top: number } | undefined> {
  for (const way of ["echo", "vllm", "sglang"] as const) {
    for (const wanted of [MOST, FEWEST_ALTERNATIVES]) {
      const call = promptScoreCall({ prompt: SCORED, topLogprobs: wanted }, prober.model, way, prober.root);
      const tokens = await scoredTokens(prober, call, way);
      if (tokens === "unable") break;
      if (tokens === "refused") continue;
      const top = Math.min(wanted, ...tokens.slice(1).map((token) => token.top.length));
      if (tokens.length > 3 && top >= FEWEST_ALTERNATIVES) return { way, top };
      break;
    }
  }
  return undefined;
}

/** "refused": perhaps only the number of alternatives; "unable": no such protocol, or not what it promises. */
async function scoredTokens(
  prober: Prober,
  call: ReturnType<typeof promptScoreCall>,
  way: PromptWay,
): Promise<PromptScoreAnswer["tokens"] | "refused" | "unable"> {
  const read = (raw: unknown) => {
    try {
      return readPromptScore(raw, way, SCORED);
    } catch {
      // An answer of another form is a whole answer here, and not worth another try.
      return { value: null, usage: null };
    }
  };
  try {
    const { value } = await prober.send({ ...call, read, retries: RETRIES });
    return value === null ? "unable" : value.tokens;
  } catch (error) {
    // No such path: many servers have no completions.
    if (error instanceof Stopped && [403, 404, 405].includes(error.status ?? 0)) return "unable";
    if (!(error instanceof Unanswered)) throw error;
    if (error.status === null) return unreached(error);
    return refusal(error.status) ? "refused" : unreached(error);
  }
}

function unreached(error: Unanswered): never {
  throw new Failure(`what the server can do could not be found out: ${error.message}`);
}
