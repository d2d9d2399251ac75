/** What a job would cost is said beforehand, holds for real texts, and needs nothing but numbers. */

import { afterEach, expect, test } from "vitest";
import { endpointOptions } from "../../../src/interpretation/endpoint/options.ts";
import { estimateCost, planned } from "../../../src/interpretation/endpoint/estimate.ts";
import { ask, open, standIn, tidy } from "./opened.ts";

afterEach(tidy);

test("tokens and money of many requests", () => {
  const plan = [
    { requests: 100, characters: 7000, messages: 2, maxTokens: 60 },
    { requests: 50, characters: 0, messages: 1, maxTokens: 10 },
  ];
  const estimate = estimateCost(plan, { priceInput: 2, priceOutput: 10 });
  expect(estimate.requests).toBe(150);
  expect(estimate.inputTokens).toEqual([100 * (1750 + 8) + 50 * 4, 100 * (2000 + 8) + 50 * 4]);
  expect(estimate.outputTokens).toBe(6500);
  expect(estimate.money![0]).toBeCloseTo((176_000 * 2) / 1e6);
  expect(estimate.money![1]).toBeCloseTo((201_000 * 2 + 6500 * 10) / 1e6);
  expect(estimate.sentence).toBe(
    "about 150 requests with 176,000 to 201,000 tokens in (at 4 to 3.5 characters a token) and at most 6,500 out: " +
      "0.35 to 0.47, at 2 and 10 per million",
  );
});

test("without prices it says how to get them", () => {
  const estimate = estimateCost([planned(ask("hello").messages, 10, 3)], {});
  expect(estimate.money).toBeNull();
  expect(estimate.sentence).toMatch(
    /^about 3 requests .* at most 30 out; with --price-input and --price-output/,
  );
  expect(estimateCost([], {}).requests).toBe(0);
});

test("a real answer lies within it", async () => {
  const server = await standIn();
  const endpoint = await open(server);
  const request = ask("The quick brown foxes are jumping over seventeen lazy dogs again. ".repeat(40), 60);
  const { usage } = await endpoint.chat(request);
  const { inputTokens, outputTokens } = estimateCost([planned(request.messages, 60)], {});
  // The stand-in's tokens are words, so the fewest of all.
  expect(usage.inputTokens).toBeLessThanOrEqual(inputTokens[1]);
  expect(usage.outputTokens).toBeLessThanOrEqual(outputTokens);
});

test("a budget in money needs prices to count with", () => {
  expect(() => endpointOptions.parse({ budgetMoney: 3 })).toThrow(/--price-input and --price-output/);
  expect(() => endpointOptions.parse({ budgetMoney: 3, priceInput: 1 })).toThrow(/--price-output/);
  expect(endpointOptions.parse({ budgetMoney: 3, priceInput: 1, priceOutput: 2 }).concurrency).toBe(8);
});
