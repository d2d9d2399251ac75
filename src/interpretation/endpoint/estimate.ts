/**
 * What a job would cost, before anything is sent.
 *
 *     tokens in   characters / 4 … characters / 3.5, and 4 around each message
 *     tokens out  at most the limits of the answers
 *
 * English prose comes to about four characters a token, lists of tokens and numbers to fewer; the second number is the one to plan with.
 * Text in other scripts can come to twice as much. (The budget does not rest on this: see budget.ts.)
 */

import { moneyOf } from "./budget.ts";
import type { ChatMessage } from "./endpoint.ts";
import type { EndpointOptions } from "./options.ts";

export const CHARACTERS_PER_TOKEN = [3.5, 4] as const;
const AROUND_MESSAGE = 4;

/** Requests of one kind: how many there are, and what one of them holds. */
export interface Planned {
  readonly requests: number;
  /** Characters of all messages of one request, and how many messages they are. */
  readonly characters: number;
  readonly messages: number;
  /** Most tokens of its answer. */
  readonly maxTokens: number;
}

export interface Estimate {
  readonly requests: number;
  readonly inputTokens: readonly [low: number, high: number];
  /** At most. */
  readonly outputTokens: number;
  /** From the fewest tokens in and none out, to the most of both; null without prices. */
  readonly money: readonly [low: number, high: number] | null;
  readonly sentence: string;
}

/** One request as a plan, `requests` times. */
export function planned(messages: readonly ChatMessage[], maxTokens: number, requests = 1): Planned {
  const characters = messages.reduce((sum, { content }) => sum + content.length, 0);
  return { requests, characters, messages: messages.length, maxTokens };
}

export function estimateCost(
  plan: readonly Planned[],
  prices: Pick<EndpointOptions, "priceInput" | "priceOutput">,
): Estimate {
  const requests = plan.reduce((sum, part) => sum + part.requests, 0);
  const [dense, loose] = CHARACTERS_PER_TOKEN;
  const input = (perToken: number) =>
    plan.reduce(
      (sum, part) =>
        sum + part.requests * (Math.ceil(part.characters / perToken) + AROUND_MESSAGE * part.messages),
      0,
    );
  const inputTokens = [input(loose), input(dense)] as const;
  const outputTokens = plan.reduce((sum, part) => sum + part.requests * part.maxTokens, 0);
  const low = moneyOf({ inputTokens: inputTokens[0], outputTokens: 0 }, prices);
  const high = moneyOf({ inputTokens: inputTokens[1], outputTokens }, prices);
  const money = low === null || high === null ? null : ([low, high] as const);
  const { priceInput = 0, priceOutput = 0 } = prices;
  const sentence =
    `about ${counted(requests)} requests with ${counted(inputTokens[0])} to ${counted(inputTokens[1])} tokens in ` +
    `(at ${loose} to ${dense} characters a token) and at most ${counted(outputTokens)} out` +
    (money === null
      ? "; with --price-input and --price-output it is said in money"
      : `: ${amount(money[0])} to ${amount(money[1])}, at ${priceInput} and ${priceOutput} per million`);
  return { requests, inputTokens, outputTokens, money, sentence };
}

function counted(tokens: number): string {
  return tokens.toLocaleString("en", { maximumSignificantDigits: 3 });
}

function amount(value: number): string {
  return value === 0 || value >= 10 ? value.toFixed(0) : value.toPrecision(2);
}
