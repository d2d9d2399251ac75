/** What a result cost in all: what its last process sent, and what was sent before and answered from the cache. */

import type { Spent } from "./endpoint.ts";

export interface Paid {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** In the prices' currency, the earlier answers at the last process's prices; null without prices. */
  readonly money: number | null;
}

export function paidInAll({ inputTokens, outputTokens, money, earlier }: Spent): Paid {
  return {
    inputTokens: inputTokens + (earlier?.inputTokens ?? 0),
    outputTokens: outputTokens + (earlier?.outputTokens ?? 0),
    money: typeof money === "number" ? money + (earlier?.money ?? 0) : null,
  };
}

/** What it cost, and how much of that was paid for by earlier processes. */
export function costSentence(spent: Spent): string {
  const { inputTokens, outputTokens, money } = paidInAll(spent);
  const { earlier } = spent;
  const before =
    earlier === undefined || earlier.answers === 0
      ? ""
      : `, of which ${count(earlier.inputTokens)} in and ${count(earlier.outputTokens)} out were spent before, for answers that were kept`;
  return (
    `it cost ${money === null ? "" : `${moneyText(money)} in the currency of the prices: `}` +
    `${count(inputTokens)} tokens in and ${count(outputTokens)} out${before}`
  );
}

function count(n: number): string {
  return n.toLocaleString("en-US");
}

/** An amount with as many digits as tell it from nothing. */
export function moneyText(amount: number): string {
  return amount === 0 || amount >= 1 ? amount.toFixed(2) : amount.toPrecision(2);
}
