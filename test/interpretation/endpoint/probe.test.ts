/** What a server supports is found out, whichever way it says no; and a server that ignores what it is asked is not believed. */

import { afterEach, describe, expect, test } from "vitest";
import { pickMode } from "../../../src/interpretation/endpoint/simulator-mode.ts";
import type { Settings } from "../stand-in/settings.ts";
import { CHAT, EVERYTHING, LLAMA_CPP, PLAIN, REASONING, SGLANG, VLLM } from "../stand-in/settings.ts";
import type { Brain } from "../stand-in/brain.ts";
import { folder, open, sentence, standIn, tidy } from "./opened.ts";

afterEach(tidy);

/** Does what the probe asks for in words: it counts, and answers in prose. */
const OBEDIENT: Brain = {
  answer: ({ text }) =>
    text.includes("Count")
      ? Array.from({ length: 40 }, (_, i) => i + 1).join(", ")
      : "After six comes seven.",
};

async function supportOf(settings: Partial<Settings>, brain = OBEDIENT) {
  const server = await standIn({ settings, brain });
  const { support } = await open(server);
  return { ...support, requests: server.requests.length };
}

describe("servers as they are", () => {
  test.each([
    ["everything", EVERYTHING, "echo", 20, "json_schema", "prompt-logprobs"],
    ["vLLM without echo", VLLM, "vllm", 20, "json_schema", "prompt-logprobs"],
    ["SGLang", SGLANG, "sglang", 20, "json_schema", "prompt-logprobs"],
    ["llama.cpp", LLAMA_CPP, null, 20, "json_schema", "expected-values"],
    ["chat alone", CHAT, null, 20, "json_schema", "expected-values"],
    ["a plain one", PLAIN, null, 0, null, "integers"],
  ] as const)("%s", async (_, settings, promptLogprobs, topLogprobs, schema, mode) => {
    const support = await supportOf(settings);
    expect(support).toMatchObject({ promptLogprobs, topLogprobs, schema, temperature: true, reasons: false });
    expect(support.maxTokensName).toBe("max_tokens");
    expect(pickMode(support, "auto")).toBe(mode);
    expect(support.requests).toBeLessThanOrEqual(10);
  });

  test("a model that reasons: no temperature, no probabilities, another name for the limit", async () => {
    const support = await supportOf(REASONING);
    expect(support).toMatchObject({
      promptLogprobs: null,
      topLogprobs: 0,
      schema: "json_schema",
      temperature: false,
      maxTokensName: "max_completion_tokens",
      reasons: true,
      reasoningEffort: null,
    });
  });

  test("one whose reasoning can be switched off then gives probabilities", async () => {
    const server = await standIn({
      settings: { ...REASONING, topLogprobs: 20, effortNone: true },
      brain: OBEDIENT,
    });
    const endpoint = await open(server);
    expect(endpoint.support).toMatchObject({ topLogprobs: 20, temperature: true, reasons: false });
    server.forget();
    const { text } = await endpoint.chat({ messages: [{ role: "user", content: "?" }], maxTokens: 20 });
    expect(text).toBe("After six comes seven.");
    expect(server.requests[0]!.body).toMatchObject({ reasoning_effort: "none", max_completion_tokens: 20 });
  });

  test("fewer alternatives than were asked for", async () => {
    expect((await supportOf({ ...CHAT, topLogprobs: 5 })).topLogprobs).toBe(5);
    const few = await supportOf({ ...EVERYTHING, promptTop: 5 });
    expect(few).toMatchObject({ promptLogprobs: "echo", promptTopLogprobs: 5 });
  });

  test("without a schema there is JSON of any form", async () => {
    expect((await supportOf({ ...CHAT, schema: "json_object" })).schema).toBe("json_object");
    expect((await supportOf({ ...CHAT, schema: "json_object", withoutSchema: "refuse" })).schema).toBe(
      "json_object",
    );
    expect((await supportOf({ ...CHAT, schema: null, withoutSchema: "refuse" })).schema).toBeNull();
  });
});

describe("silence is no consent", () => {
  test.each([
    ["logprobs passed over", { ...CHAT, topLogprobs: 0, withoutLogprobs: "ignore" }],
    ["logprobs null", { ...CHAT, topLogprobs: 0, withoutLogprobs: "null" }],
    ["zeros in place of logprobs", { ...CHAT, topLogprobs: 0, withoutLogprobs: "zeros" }],
    ["logprobs refused", { ...CHAT, topLogprobs: 0, withoutLogprobs: "refuse" }],
  ] as const)("%s", async (_, settings) => {
    const support = await supportOf(settings);
    expect(support.topLogprobs).toBe(0);
    expect(pickMode(support, "auto")).toBe("integers");
  });

  test.each([
    ["an echo without probabilities", { ...EVERYTHING, echo: "null" as const }],
    ["probabilities of what was generated only", { ...EVERYTHING, echo: "bare" as const }],
    ["no echo at all", { ...EVERYTHING, echo: "ignore" as const }],
  ])("%s", async (_, settings) => {
    expect((await supportOf(settings)).promptLogprobs).toBe("vllm");
    for (const promptLogprobs of ["null", "ignore"] as const) {
      const support = await supportOf({ ...settings, promptLogprobs });
      expect(support.promptLogprobs).toBeNull();
      expect(pickMode(support, "auto")).toBe("expected-values");
    }
  });

  test("a limit that is passed over under one name is found under the other", async () => {
    const settings = { ...CHAT, maxTokens: ["max_completion_tokens"], withoutMaxTokens: "ignore" } as const;
    expect((await supportOf(settings)).maxTokensName).toBe("max_completion_tokens");
  });
});

describe("asking for a mode", () => {
  test("that the server does not have ends in one sentence", async () => {
    const support = await supportOf(PLAIN);
    expect(() => pickMode(support, "prompt-logprobs")).toThrow(
      /^--simulator prompt-logprobs cannot be had .* no probabilities of a prompt's own tokens/,
    );
    expect(() => pickMode(support, "expected-values")).toThrow(/no probabilities of an answer's tokens/);
    expect(pickMode(support, "integers")).toBe("integers");
    expect(() => pickMode({ ...support, topLogprobs: 3 }, "expected-values")).toThrow(/3 alternatives .* 5/);
  });

  test("asks a server again that did not have it when it was last asked", async () => {
    const cache = folder();
    const server = await standIn({ settings: CHAT, brain: OBEDIENT });
    expect((await open(server, {}, { cache })).support.promptLogprobs).toBeNull();
    server.settings = EVERYTHING;
    server.forget();
    expect((await open(server, {}, { cache })).support.promptLogprobs).toBeNull();
    expect(server.requests).toHaveLength(0);
    const asked = await open(server, { simulator: "prompt-logprobs" }, { cache });
    expect(asked.support.promptLogprobs).toBe("echo");
    expect((await open(server, {}, { cache })).support.promptLogprobs).toBe("echo");
  });
});

describe("a probe on a bad day", () => {
  test("a server that fails in passing is not taken for one that cannot", async () => {
    const server = await standIn({
      settings: VLLM,
      brain: OBEDIENT,
      faults: [
        { type: "status", status: 500, on: [1, 3, 5, 7] },
        { type: "status", status: 429, on: [9, 10] },
        { type: "truncated", on: [11] },
      ],
    });
    const { support } = await open(server);
    server.faults = [];
    expect(support).toEqual((await open(server)).support);
    expect(support).toMatchObject({ promptLogprobs: "vllm", topLogprobs: 20, temperature: true });
  });

  test("a server that is gone in the middle is a failure, and no finding", async () => {
    const server = await standIn({ settings: VLLM, brain: OBEDIENT });
    server.faults = [{ type: "cut", on: ({ number }) => number > 3 }];
    expect(await sentence(open(server))).toMatch(
      /^(the language model cannot be reached|what the server can do)/,
    );
  });

  test("a web page where a protocol would be is no protocol", async () => {
    const server = await standIn({ settings: { ...CHAT, generate: true }, brain: OBEDIENT });
    server.faults = [{ type: "html", on: ({ path }) => path !== "/v1/chat/completions" }];
    expect((await open(server)).support.promptLogprobs).toBeNull();
  });
});
