/**
 * What may be spent, in tokens and in money. Before a request is sent, the most that it can cost is set aside:
 *
 *     spent + set aside by requests under way + this one ≤ budget
 *
 * and when its answer is there, what it did cost takes that place. So the budget holds whatever comes back, in whatever order, with any
 * number of requests under way. Of a request whose answer was lost nobody knows what it cost: it counts in full.
 */

import { BudgetSpent, type Usage } from "./endpoint.ts";
import { moneyText } from "./paid.ts";
import { aborted } from "./waiting.ts";

export interface Limits {
  readonly budgetTokens?: number | undefined;
  readonly budgetMoney?: number | undefined;
  readonly priceInput?: number | undefined;
  readonly priceOutput?: number | undefined;
}

/** Set aside for one request, until it is settled. */
export interface Reservation {
  readonly worst: Usage;
}

export class Budget {
  readonly #limits: Limits;
  #spent: Usage = NOTHING;
  readonly #reserved = new Set<Reservation>();
  /** Those who wait for others to be settled. */
  #waiting: (() => void)[] = [];

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get spent(): Usage {
    return this.#spent;
  }

  /** Null without prices. */
  get money(): number | null {
    return moneyOf(this.#spent, this.#limits);
  }

  /**
   * Sets aside the most that a request can cost. Waits while it would fit if those under way cost less than they might.
   * @throws BudgetSpent when it does not fit though nothing is under way, and the signal's reason
   */
  async reserve(worst: Usage, signal?: AbortSignal): Promise<Reservation> {
    while (!this.#fits(worst)) {
      if (this.#reserved.size === 0) throw this.#exhausted(worst);
      await new Promise<void>((resolve, reject) => {
        const stop = aborted(signal, reject);
        this.#waiting.push(() => {
          stop();
          resolve();
        });
      });
    }
    const reservation = { worst };
    this.#reserved.add(reservation);
    return reservation;
  }

  /** What the request did cost; all that was set aside when nobody knows. */
  settle(reservation: Reservation, usage: Usage = reservation.worst): void {
    if (!this.#reserved.delete(reservation)) return;
    this.#spent = sum(this.#spent, usage);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  #fits(worst: Usage): boolean {
    let all = sum(this.#spent, worst);
    for (const { worst: other } of this.#reserved) all = sum(all, other);
    const { budgetTokens = Infinity, budgetMoney = Infinity } = this.#limits;
    return (
      all.inputTokens + all.outputTokens <= budgetTokens && (moneyOf(all, this.#limits) ?? 0) <= budgetMoney
    );
  }

  #exhausted(worst: Usage): BudgetSpent {
    const { budgetTokens, budgetMoney } = this.#limits;
    const next = moneyOf(worst, this.#limits);
    const none = this.#spent.inputTokens + this.#spent.outputTokens === 0;
    const tooDear = budgetMoney !== undefined && (this.money ?? 0) + (next ?? 0) > budgetMoney;
    const [limit, used, more, flag] = tooDear
      ? [moneyText(budgetMoney), moneyText(this.money ?? 0), moneyText(next ?? 0), "--budget-money"]
      : [
          `${budgetTokens} tokens`,
          `${this.#spent.inputTokens + this.#spent.outputTokens}`,
          `${worst.inputTokens + worst.outputTokens}`,
          "--budget-tokens",
        ];
    return new BudgetSpent(
      `the budget of ${limit} does not allow another request: ${used} spent, and the next may cost up to ${more}; every answer so ` +
        (none
          ? `far is kept, so with a larger ${flag} the same command goes on from here`
          : `far is kept, so the same command goes on from here, and may spend its whole ${flag} again: what was spent before does ` +
            `not count`),
    );
  }
}

export const NOTHING: Usage = { inputTokens: 0, outputTokens: 0 };

function sum(a: Usage, b: Usage): Usage {
  return { inputTokens: a.inputTokens + b.inputTokens, outputTokens: a.outputTokens + b.outputTokens };
}

/** Prices are per million tokens. Null unless both are known: half of a sum would pass for all of it. */
export function moneyOf(usage: Usage, { priceInput, priceOutput }: Limits): number | null {
  if (priceInput === undefined || priceOutput === undefined) return null;
  return (usage.inputTokens * priceInput + usage.outputTokens * priceOutput) / 1e6;
}

/** Around each message and each request, for what chat templates add. */
const AROUND_MESSAGE = 16;
const AROUND_REQUEST = 128;

/**
 * The most tokens that texts can be: tokenizers of language models work on bytes, so none makes more tokens than there are bytes. It is
 * about four times what English text comes to, and only set aside.
 */
export function mostTokens(texts: readonly string[]): number {
  return texts.reduce((tokens, text) => tokens + Buffer.byteLength(text) + AROUND_MESSAGE, AROUND_REQUEST);
}
