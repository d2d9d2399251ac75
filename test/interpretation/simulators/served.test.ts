/**
 * Everything that a language model is asked, over HTTP: explain, answer, score, in every mode and on every kind of server. The unit is
 * planted, the brain on the other side reads nothing but prompts.
 */

import { afterEach, describe, expect, test } from "vitest";
import { BudgetSpent } from "../../../src/interpretation/endpoint/endpoint.ts";
import { explainWithModel } from "../../../src/interpretation/explainers/language-model.ts";
import type { Endpoint, SimulatorMode } from "../../../src/interpretation/endpoint/endpoint.ts";
import { Prompts } from "../../../src/interpretation/prompts/prompts.ts";
import { PROTOCOLS } from "../../../src/interpretation/protocols/protocols.ts";
import type { ProtocolName, Task } from "../../../src/interpretation/protocols/task.ts";
import type { Score } from "../../../src/interpretation/scores/score.ts";
import { scoreTask } from "../../../src/interpretation/scores/score-task.ts";
import { modelAnswerer } from "../../../src/interpretation/simulators/model-answerer.ts";
import { answerTask } from "../../../src/interpretation/study/answer-task.ts";
import { folder, open, standIn, tidy } from "../endpoint/opened.ts";
import { plantedText, plantedUnit } from "../protocols/planted-text.ts";
import { oracle, sentenceOf } from "../stand-in/oracle.ts";
import { CHAT, LLAMA_CPP, PLAIN, REASONING, SGLANG, VLLM } from "../stand-in/settings.ts";

afterEach(tidy);

const prompts = new Prompts();
// No token is a part of another.
const passage = { ...plantedText(1), tokenText: (id: number) => ` t${id};` };
const evidence = plantedUnit(passage, (token) => (token === 20 ? 3 : token === 21 ? 1 : 0));
const draw = { seed: 1, unit: 0 };
const tasksOf = (name: ProtocolName): Task[] => PROTOCOLS[name].tasks(evidence, "score", draw);

async function scoresOf(endpoint: Endpoint, name: ProtocolName, mode: SimulatorMode, explanation?: string) {
  const explaining = PROTOCOLS[name].explaining(evidence, draw);
  const text = explanation ?? (await explainWithModel(endpoint, prompts, { passage, explaining }, name)).text;
  const answerer = modelAnswerer(endpoint, prompts, mode, text);
  const scores: Score[] = [];
  for (const task of tasksOf(name))
    scores.push(...scoreTask(task, await answerTask(task, answerer, passage), evidence, draw).scores);
  return { text, scores, tally: answerer.tally };
}

describe.each([
  ["prompt-logprobs", "vLLM", VLLM],
  ["prompt-logprobs", "SGLang", SGLANG],
  ["prompt-logprobs", "digits one by one", { ...VLLM, digits: "single" }],
  ["expected-values", "chat", CHAT],
  ["expected-values", "llama.cpp, marks joined", { ...LLAMA_CPP, numbers: "bracket" }],
  ["expected-values", "digits one by one", { ...CHAT, digits: "single" }],
  ["integers", "a plain server", PLAIN],
  ["integers", "a model that reasons", REASONING],
] as const)("%s on %s", (mode, kind, settings) => {
  test("a planted unit is explained, and its explanation finds it again", async () => {
    const server = await standIn({ brain: oracle(), settings });
    const endpoint = await open(server);
    const names = kind === "SGLang" ? (["bricken-2023"] as const) : (["bricken-2023", "bills-2023"] as const);
    for (const name of names) {
      const { text, scores, tally } = await scoresOf(endpoint, name, mode);
      expect(text).toMatch(/" t20;" \(\d\)/);
      expect(scores[0]).toMatchObject({ kind: name, failed: 0, degenerate: false });
      expect(scores[0]!.value).toBeGreaterThan(0.95);
      expect(tally.expected).toBe(mode === "integers" ? 0 : tally.values);
      expect(tally).toMatchObject({ repairs: 0, failedRequests: 0, lostPlaces: 0, doubtful: 0 });
    }
  });

  // Once for each mode.
  if (!["vLLM", "chat", "a plain server"].includes(kind)) return;
  test("other explanations do not", async () => {
    const server = await standIn({ brain: oracle(), settings });
    const endpoint = await open(server);
    const other = await scoresOf(endpoint, "bricken-2023", mode, sentenceOf(new Map([[" t250;", 9]])));
    expect(Math.abs(other.scores[0]!.value!)).toBeLessThan(0.2);
    const nothing = await scoresOf(endpoint, "bricken-2023", mode, "nothing at all");
    expect(nothing.scores[0]).toMatchObject({ value: 0, degenerate: true });
  });
});

test.each(["detection", "fuzzing", "intruder"] as const)("%s", async (name) => {
  const server = await standIn({
    brain: oracle((value) => ({ [value]: 0.8, [1 - value]: 0.2 })),
    settings: CHAT,
  });
  const endpoint = await open(server);
  const { scores } = await scoresOf(endpoint, name, "expected-values");
  expect(scores[0]).toMatchObject({ kind: name, failed: 0 });
  // The explanation names the tokens that are marked: those above three tenths of the highest.
  expect(scores[0]!.value).toBeGreaterThan(0.9);
});

describe("answers that go wrong", () => {
  test.each([
    ["prose around them", (text: string) => `Certainly! [1]\n\`\`\`json\n${text}\n\`\`\`\nLet me know.`],
    ["lists without keys", (text: string) => JSON.stringify(Object.values(JSON.parse(text) as object))],
  ])("%s: read as they are", async (_, change) => {
    const server = await standIn({ brain: oracle(), settings: PLAIN });
    const endpoint = await open(server);
    const explanation = sentenceOf(new Map([[" t20;", 9]]));
    server.faults = [{ type: "changed", change }];
    const { scores, tally } = await scoresOf(endpoint, "bricken-2023", "integers", explanation);
    expect(scores[0]).toMatchObject({ failed: 0 });
    expect(tally.repairs).toBe(0);
  });

  test.each([
    ["a value too few in each list", (text: string) => text.replaceAll(/,\d\]/g, "]")],
    ["nothing", () => ""],
    ["words", () => "I would say that none of these."],
    ["values beyond the scale", (text: string) => text.replaceAll("0,0", "0,77")],
  ])("%s: repaired once, then failed and counted, never zeros", async (_, change) => {
    const server = await standIn({ brain: oracle(), settings: PLAIN });
    const endpoint = await open(server);
    const explanation = sentenceOf(new Map([[" t20;", 9]]));
    server.faults = [{ type: "changed", change }];
    server.forget();
    const { scores } = await scoresOf(endpoint, "bills-2023", "integers", explanation);
    expect(scores[0]).toMatchObject({ value: null, asked: 10, failed: 10 });
    expect(server.requests).toHaveLength(20);
  });

  test("refused, broken and unanswered requests are failures of their own items", async () => {
    const server = await standIn({ brain: oracle(), settings: PLAIN });
    const endpoint = await open(server, { retries: 1 });
    const explanation = sentenceOf(new Map([[" t20;", 9]]));
    server.forget();
    const count = (n: number) => (request: { body: unknown }) =>
      JSON.stringify(request.body).length % 5 === n;
    server.faults = [
      { type: "refusal", text: "No.", on: count(0) },
      { type: "status", status: 500, on: count(1) },
      { type: "cut", on: count(2) },
    ];
    const { scores, tally } = await scoresOf(endpoint, "bills-2023", "integers", explanation);
    expect(scores[0]!.asked).toBe(10);
    expect(scores[0]!.failed).toBe(tally.refusals + tally.failedRequests);
    expect(scores[0]!.failed).toBeGreaterThan(0);
    expect(scores[0]!.failed).toBeLessThan(10);
    expect(scores[0]!.value).toBeGreaterThan(0.5);
  });
});

test("a spent budget goes through to who asked, and what was paid for is found again", async () => {
  const server = await standIn({ brain: oracle(), settings: PLAIN });
  const cache = folder();
  const explanation = sentenceOf(new Map([[" t20;", 9]]));
  const first = await open(server, { budgetTokens: 12_000, concurrency: 2 }, { cache });
  await expect(scoresOf(first, "bills-2023", "integers", explanation)).rejects.toThrow(BudgetSpent);
  const sent = server.requests.length;
  const second = await open(server, {}, { cache });
  const { scores } = await scoresOf(second, "bills-2023", "integers", explanation);
  expect(scores[0]!.failed).toBe(0);
  expect(server.requests.length).toBeGreaterThan(sent);
  server.forget();
  const third = await open(server, { offline: true }, { cache });
  expect((await scoresOf(third, "bills-2023", "integers", explanation)).scores).toEqual(scores);
  expect(server.requests).toEqual([]);
});
