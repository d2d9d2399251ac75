/** Money spent never exceeds the budget: not with many requests under way, not with repetitions, not with answers that were lost. */

import { afterEach, describe, expect, test } from "vitest";
import { Budget, moneyOf, mostTokens } from "../../../src/interpretation/endpoint/budget.ts";
import { BudgetSpent, type ChatAnswer } from "../../../src/interpretation/endpoint/endpoint.ts";
import { Random } from "../../../src/random.ts";
import type { Fault } from "../stand-in/faults.ts";
import { CHAT } from "../stand-in/settings.ts";
import { ask, folder, open, sentence, standIn, tidy } from "./opened.ts";

afterEach(tidy);

const BRAIN = { answer: ({ text }: { text: string }) => `you said ${text} `.repeat(3) };
const PRICES = { priceInput: 2000, priceOutput: 8000 };

/** Asks until nothing more is allowed. */
async function spend(budget: object, faults: readonly Fault[] = [], count = 300) {
  const server = await standIn({ brain: BRAIN, settings: { ...CHAT, delay: 1 }, faults, seed: 3 });
  const endpoint = await open(server, { ...PRICES, concurrency: 12, retries: 20, ...budget });
  const results = await Promise.allSettled(
    Array.from({ length: count }, (_, i) => endpoint.chat(ask(`line ${i}`, 40))),
  );
  const failed = results.flatMap((result) =>
    result.status === "rejected" ? [result.reason as unknown] : [],
  );
  return { server, endpoint, failed, answered: count - failed.length };
}

const STORM: readonly Fault[] = [
  { type: "status", status: 500, share: 0.15, on: ({ number }) => number > 20 },
  { type: "cut", after: 0.5, share: 0.1, on: ({ number }) => number > 20 },
  { type: "truncated", share: 0.1, on: ({ number }) => number > 20 },
  { type: "no-usage", share: 0.2, on: ({ number }) => number > 20 },
];

describe("over HTTP", () => {
  test.each([
    ["quiet", []],
    ["in a storm", STORM],
  ])("money, %s", async (_, faults) => {
    const budgetMoney = 25;
    const { server, endpoint, failed, answered } = await spend({ budgetMoney }, faults);
    expect(failed.length).toBeGreaterThan(0);
    for (const error of failed) expect(error).toBeInstanceOf(BudgetSpent);
    expect(moneyOf(server.billed, PRICES)!).toBeLessThanOrEqual(endpoint.spent().money!);
    expect(endpoint.spent().money!).toBeLessThanOrEqual(budgetMoney);
    // And it is used: what is left does not pay for the most that a request can cost.
    const dearest = moneyOf({ inputTokens: mostTokens(["line 299"]), outputTokens: 40 }, PRICES)!;
    expect(endpoint.spent().money!).toBeGreaterThan(budgetMoney - dearest);
    expect(answered).toBeGreaterThan(10);
  });

  test.each([
    ["quiet", []],
    ["in a storm", STORM],
  ])("tokens, %s", async (_, faults) => {
    const { server, endpoint, failed } = await spend({ budgetTokens: 4000 }, faults);
    expect(failed.length).toBeGreaterThan(0);
    const { inputTokens, outputTokens } = endpoint.spent();
    expect(server.billed.inputTokens + server.billed.outputTokens).toBeLessThanOrEqual(
      inputTokens + outputTokens,
    );
    expect(inputTokens + outputTokens).toBeLessThanOrEqual(4000);
  });

  test("nothing is sent that could exceed it, and the sentence says how to go on", async () => {
    const cache = folder();
    const server = await standIn({ brain: BRAIN, settings: CHAT });
    await open(server, PRICES, { cache });
    const poor = await open(server, { ...PRICES, budgetMoney: 0.5 }, { cache });
    server.forget();
    expect(await sentence(poor.chat(ask("hello", 40)))).toMatch(
      /^the budget of 0.50 does not allow another request: 0.00 spent, and the next may cost up to 0.\d+; .* larger --budget-money/,
    );
    expect(server.requests).toHaveLength(0);
  });

  test("and that the next process has one of its own", async () => {
    const budget = new Budget({ budgetTokens: 100 });
    budget.settle(await budget.reserve({ inputTokens: 60, outputTokens: 0 }));
    expect(await sentence(budget.reserve({ inputTokens: 50, outputTokens: 0 }))).toMatch(
      /60 spent, .* may spend its whole --budget-tokens again: what was spent before does not count/,
    );
  });

  test("one price alone is no sum of money", () => {
    expect(moneyOf({ inputTokens: 1, outputTokens: 1 }, { priceInput: 1 })).toBeNull();
    expect(moneyOf({ inputTokens: 1e6, outputTokens: 0 }, PRICES)).toBe(2000);
  });

  test("with a larger one it goes on from where it stopped", async () => {
    const cache = folder();
    const server = await standIn({ brain: BRAIN, settings: CHAT });
    const all = async (budgetMoney: number) => {
      const endpoint = await open(server, { ...PRICES, budgetMoney }, { cache });
      const results = await Promise.allSettled(
        Array.from({ length: 40 }, (_, i) => endpoint.chat(ask(`line ${i}`, 40))),
      );
      const answers = results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      return { answers, spent: endpoint.spent() };
    };
    const first = await all(4);
    expect(first.answers.length).toBeGreaterThan(5);
    expect(first.answers.length).toBeLessThan(40);
    const second = await all(1000);
    expect(second.answers).toHaveLength(40);
    expect(second.spent.cached).toBe(first.answers.length);
    expect(second.answers.filter(({ cached }: ChatAnswer) => cached)).toHaveLength(first.answers.length);
    expect(second.spent.requests).toBe(40 - first.answers.length);
  });

  test("the probe is paid for from it too", async () => {
    const server = await standIn({ brain: BRAIN, settings: CHAT });
    expect(await sentence(open(server, { budgetTokens: 100 }))).toMatch(
      /the budget of 100 tokens does not allow/,
    );
    expect(server.requests).toHaveLength(0);
  });
});

describe("by itself", () => {
  test("whatever the order of asking and settling, spent and set aside stay within", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = Random.of(seed, "budget");
      const budget = new Budget({ budgetTokens: 1000 });
      let underWay = 0;
      let refused = 0;
      await Promise.all(
        Array.from({ length: 60 }, async () => {
          const worst = { inputTokens: 1 + random.integer(100), outputTokens: random.integer(100) };
          const size = worst.inputTokens + worst.outputTokens;
          try {
            const reservation = await budget.reserve(worst);
            underWay += size;
            const { inputTokens, outputTokens } = budget.spent;
            expect(inputTokens + outputTokens + underWay).toBeLessThanOrEqual(1000);
            for (let i = random.integer(5); i >= 0; i--) await Promise.resolve();
            underWay -= size;
            const used = { inputTokens: random.integer(worst.inputTokens + 1), outputTokens: 0 };
            budget.settle(reservation, random.uniform() < 0.2 ? undefined : used);
          } catch (error) {
            expect(error).toBeInstanceOf(BudgetSpent);
            refused++;
          }
        }),
      );
      expect(underWay).toBe(0);
      const { inputTokens, outputTokens } = budget.spent;
      expect(refused === 0 || inputTokens + outputTokens > 800).toBe(true);
    }
  });

  test("waits for those under way, which may cost less than they might, and no longer", async () => {
    const budget = new Budget({ budgetTokens: 100 });
    const first = await budget.reserve({ inputTokens: 60, outputTokens: 0 });
    let there = false;
    const second = budget.reserve({ inputTokens: 60, outputTokens: 0 }).then((reservation) => {
      there = true;
      return reservation;
    });
    await Promise.resolve();
    expect(there).toBe(false);
    budget.settle(first, { inputTokens: 10, outputTokens: 0 });
    budget.settle(await second, { inputTokens: 50, outputTokens: 0 });
    await expect(budget.reserve({ inputTokens: 41, outputTokens: 0 })).rejects.toBeInstanceOf(BudgetSpent);
    budget.settle(await budget.reserve({ inputTokens: 40, outputTokens: 0 }));
    expect(budget.spent.inputTokens).toBe(100);
    // Settled twice is settled once.
    budget.settle(first);
    expect(budget.spent.inputTokens).toBe(100);
  });

  test("waiting ends when the work is stopped", async () => {
    const budget = new Budget({ budgetTokens: 100 });
    await budget.reserve({ inputTokens: 60, outputTokens: 0 });
    const control = new AbortController();
    const waiting = sentence(budget.reserve({ inputTokens: 60, outputTokens: 0 }, control.signal));
    control.abort(new Error("stopped by hand"));
    expect(await waiting).toBe("stopped by hand");
  });

  test("the most that a text can be in tokens is its bytes", () => {
    expect(mostTokens(["日本"])).toBeGreaterThanOrEqual(6);
    expect(mostTokens(["a".repeat(1000)]) - mostTokens([""])).toBe(1000);
  });
});
