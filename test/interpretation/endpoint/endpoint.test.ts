/** What is asked comes back, whichever protocol it went by, and what it cost is what the server counts. */

import { afterEach, describe, expect, test } from "vitest";
import { Limiter } from "../../../src/interpretation/endpoint/limiter.ts";
import { type Brain, fillingSlots, type Probabilities, saying } from "../stand-in/brain.ts";
import { CHAT, EVERYTHING, PLAIN, REASONING, SGLANG, VLLM } from "../stand-in/settings.ts";
import { NUMBER_STYLES } from "../stand-in/tokens.ts";
import { ask, folder, open, standIn, tidy } from "./opened.ts";

afterEach(tidy);

const VALUES: readonly Probabilities[] = [
  { "3": 0.5, "4": 0.25, "5": 0.25 },
  { "0": 1 },
  { "8": 0.5, "9": 0.5 },
];
/** Numbers that it is not sure of; in prose when it is asked for prose. */
const NUMBERS: Brain = {
  answer: ({ text }) => (text.includes("sentence") ? "Seven does." : '{"values": [3, 0,9]}'),
  number: (_, nth) => VALUES[nth] ?? {},
};
const FORMAT = {
  name: "values",
  schema: { type: "object", properties: { values: { type: "array" } }, required: ["values"] },
};

/** The expected value of each number, as a reader of modes would compute it. */
function expected(tokens: readonly { token: string; top: readonly { token: string; logprob: number }[] }[]) {
  const digits = (text: string) => /^\D*(\d)$/.exec(text)?.[1];
  return tokens
    .filter(({ token }) => digits(token) !== undefined)
    .map(({ top }) => {
      const values = top.filter(({ token }) => digits(token) !== undefined);
      const mass = values.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0);
      return values.reduce(
        (sum, { token, logprob }) => sum + (Number(digits(token)) * Math.exp(logprob)) / mass,
        0,
      );
    });
}

describe("chats", () => {
  test.each(NUMBER_STYLES)("probabilities of numbers written as %s", async (numbers) => {
    const server = await standIn({ brain: NUMBERS, settings: { ...CHAT, numbers } });
    for (const stream of [false, true]) {
      const endpoint = await open(server, { stream });
      const answer = await endpoint.chat({ ...ask("values?"), topLogprobs: 20, schema: FORMAT });
      expect(answer.text).toBe('{"values": [3, 0,9]}');
      expect(answer.tokens!.map(({ token }) => token).join("")).toBe(answer.text);
      const [first, second, third] = expected(answer.tokens!);
      expect(first).toBeCloseTo(3.75, 5);
      expect(second).toBeCloseTo(0, 5);
      expect(third).toBeCloseTo(8.5, 5);
    }
  });

  test("streamed or not, the answer is the same, and asked once", async () => {
    const cache = folder();
    const server = await standIn({ brain: NUMBERS, settings: CHAT });
    const plain = await open(server, {}, { cache });
    const streamed = await open(server, { stream: true }, { cache });
    const fresh = await open(server, { stream: true });
    server.forget();
    const request = { ...ask("values?"), topLogprobs: 5, schema: FORMAT };
    const answer = await plain.chat(request);
    expect(server.requests).toHaveLength(1);
    expect(await streamed.chat(request)).toEqual({ ...answer, cached: true });
    expect(server.requests).toHaveLength(1);
    expect(await fresh.chat(request)).toEqual(answer);
    expect(server.requests[1]!.body["stream"]).toBe(true);
  });

  test("a limit ends the answer", async () => {
    const server = await standIn({ brain: saying("one two three four five") });
    const endpoint = await open(server);
    const { text, finish, usage } = await endpoint.chat(ask("?", 3));
    expect({ text, finish, output: usage.outputTokens }).toEqual({
      text: "one two three",
      finish: "length",
      output: 3,
    });
    expect((await endpoint.chat(ask("?", 30))).finish).toBe("stop");
  });

  test("a refusal is no answer", async () => {
    const server = await standIn({ brain: { answer: () => ({ refusal: "I would rather not." }) } });
    for (const stream of [false, true]) {
      const { text, refusal } = await (await open(server, { stream })).chat(ask("?"));
      expect({ text, refusal }).toEqual({ text: "", refusal: "I would rather not." });
    }
  });

  test("what a server does not know is not sent", async () => {
    const server = await standIn({ brain: NUMBERS, settings: PLAIN });
    const plain = await open(server);
    await plain.chat({ ...ask("?"), topLogprobs: 20, schema: FORMAT, temperature: 0.5 });
    expect(Object.keys(server.requests.at(-1)!.body).sort()).toEqual([
      "max_tokens",
      "messages",
      "model",
      "temperature",
    ]);
    server.settings = REASONING;
    const reasoning = await open(server, { reasoningTokens: 1000 });
    const { text } = await reasoning.chat({ ...ask("?", 60), topLogprobs: 20 });
    expect(text).toBe('{"values": [3, 0,9]}');
    // Room for the reasoning, on top of the answer's.
    expect(server.requests.at(-1)!.body).toEqual({
      model: "stand-in",
      messages: [{ role: "user", content: "?" }],
      max_completion_tokens: 1060,
    });
  });

  test("reasoning within the text is no part of the answer, nor are its tokens", async () => {
    const server = await standIn({
      brain: saying("<think>\nIs it 4? No.\n</think>\n\n[3, 5]"),
      settings: CHAT,
    });
    const endpoint = await open(server);
    const { text, tokens } = await endpoint.chat({ ...ask("?"), topLogprobs: 5 });
    expect(text).toBe("[3, 5]");
    expect(tokens!.map(({ token }) => token).join("")).toBe("[3, 5]");
  });
});

describe("scored prompts", () => {
  const PROMPT = "Explanation: days\n Monday\tunknown\n 日本\tunknown\n cat\t0\n";
  const brain = fillingSlots((line): Probabilities =>
    line.includes("Monday") ? { "9": 0.8, "10": 0.2 } : { "0": 0.7, "1": 0.3 },
  );

  test.each([
    ["echo", EVERYTHING],
    ["echo without a mark at the beginning", { ...EVERYTHING, begin: null }],
    ["vLLM, which says the tokens' numbers", VLLM],
    ["an older vLLM, which does not", { ...VLLM, promptLogprobs: "without-ids" as const }],
    ["vLLM without a mark at the beginning", { ...VLLM, begin: null }],
    ["both older and without a mark", { ...VLLM, promptLogprobs: "without-ids" as const, begin: null }],
    ["SGLang", SGLANG],
  ])("%s", async (_, settings) => {
    const server = await standIn({ brain, settings });
    const endpoint = await open(server);
    const { tokens } = await endpoint.scorePrompt({ prompt: PROMPT, topLogprobs: 15 });
    expect(tokens.map(({ token }) => token).join("")).toBe(PROMPT);
    expect(tokens[0]!.top).toEqual([]);
    const slots = tokens.filter(({ token }) => token === "unknown");
    const likely = (i: number) =>
      slots[i]!.top.filter(({ logprob }) => Math.exp(logprob) > 0.01)
        .map(({ token, logprob }) => [token, Math.round(Math.exp(logprob) * 1000) / 1000])
        .sort();
    expect(likely(0)).toEqual([
      ["10", 0.2],
      ["9", 0.8],
    ]);
    expect(likely(1)).toEqual([
      ["0", 0.7],
      ["1", 0.3],
    ]);
    expect(slots[0]!.top.length).toBeGreaterThanOrEqual(15);
  });

  test("a server without them says so", async () => {
    const server = await standIn({ settings: CHAT });
    const endpoint = await open(server);
    await expect(endpoint.scorePrompt({ prompt: "a", topLogprobs: 5 })).rejects.toThrow(
      /no probabilities of a prompt/,
    );
  });
});

describe("what it cost", () => {
  test("is what the server counts, over both protocols, with the probe", async () => {
    const server = await standIn({ brain: NUMBERS, settings: EVERYTHING });
    const endpoint = await open(server, { priceInput: 2, priceOutput: 8 });
    await Promise.all(Array.from({ length: 30 }, (_, i) => endpoint.chat(ask(`question ${i}`))));
    await endpoint.scorePrompt({ prompt: "a\tunknown\n", topLogprobs: 5 });
    const { inputTokens, outputTokens } = server.billed;
    expect(endpoint.spent()).toEqual({
      requests: server.requests.length,
      retries: 0,
      cached: 0,
      inputTokens,
      outputTokens,
      money: (inputTokens * 2 + outputTokens * 8) / 1e6,
      earlier: { answers: 0, inputTokens: 0, outputTokens: 0, money: 0 },
    });
    expect(endpoint.notes()).toEqual([]);
  });

  test("without prices there is no money", async () => {
    const server = await standIn();
    expect((await open(server)).spent().money).toBeNull();
  });
});

describe("at the same time", () => {
  test("no more requests than were allowed, and as many", async () => {
    const server = await standIn({ settings: { ...CHAT, delay: 10 } });
    const endpoint = await open(server, { concurrency: 3 });
    await Promise.all(Array.from({ length: 20 }, (_, i) => endpoint.chat(ask(`${i}`))));
    expect(server.mostAtOnce).toBe(3);
  });

  test("the same question is asked once", async () => {
    const server = await standIn({ settings: { ...CHAT, delay: 20 } });
    const endpoint = await open(server, {}, { cache: folder() });
    server.forget();
    const answers = await Promise.all(Array.from({ length: 5 }, () => endpoint.chat(ask("the same"))));
    expect(server.requests).toHaveLength(1);
    expect(answers.filter(({ cached }) => !cached)).toHaveLength(1);
  });

  test("who waits for a place can be stopped without the others", async () => {
    const limiter = new Limiter(1);
    const order: string[] = [];
    let finish = () => {};
    const first = limiter.place(() => new Promise<void>((resolve) => (finish = resolve)));
    const control = new AbortController();
    const stopped = limiter
      .place(async () => order.push("stopped"), control.signal)
      .catch((error: Error) => error.message);
    const third = limiter.place(async () => order.push("third"));
    control.abort(new Error("by hand"));
    expect(await stopped).toBe("by hand");
    finish();
    await Promise.all([first, third]);
    await limiter.place(async () => order.push("fourth"));
    expect(order).toEqual(["third", "fourth"]);
  });

  test("stopping ends those under way, those that wait, and those that come", async () => {
    const server = await standIn();
    const endpoint = await open(server, { concurrency: 2 });
    server.settings = { ...CHAT, delay: 5000 };
    const before = endpoint.spent().outputTokens;
    const control = new AbortController();
    const asked = Array.from({ length: 6 }, (_, i) => endpoint.chat(ask(`${i}`), control.signal));
    const settled = Promise.allSettled(asked);
    await expect.poll(() => server.requests.filter(({ status }) => status === 0).length).toBe(2);
    const start = performance.now();
    control.abort(new Error("stopped by hand"));
    for (const one of await settled)
      expect(one).toMatchObject({ status: "rejected", reason: { message: "stopped by hand" } });
    await expect(endpoint.chat(ask("late"), control.signal)).rejects.toThrow("stopped by hand");
    expect(performance.now() - start).toBeLessThan(1000);
    // The two under way may be billed.
    expect(endpoint.spent().outputTokens - before).toBe(2 * 50);
  });
});
