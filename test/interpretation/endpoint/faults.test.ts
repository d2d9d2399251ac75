/** What servers and networks do to requests: what passes is waited out, what does not ends in one sentence. */

import { afterEach, describe, expect, test } from "vitest";
import { RequestFailed } from "../../../src/interpretation/endpoint/endpoint.ts";
import { waitOf } from "../../../src/interpretation/endpoint/failures.ts";
import type { Fault } from "../stand-in/faults.ts";
import { CHAT } from "../stand-in/settings.ts";
import { ask, open, sentence, standIn, tidy } from "./opened.ts";

afterEach(tidy);

const ECHO = { answer: ({ text }: { text: string }) => `you said ${text}` };

/** A server that is fine while it is probed, and then has the faults; their numbers count from 1 again. */
async function troubled(faults: readonly Fault[], more: object = {}, baseDelay = 2) {
  const server = await standIn({ brain: ECHO, settings: CHAT });
  const endpoint = await open(server, { priceInput: 1, priceOutput: 1, ...more }, { baseDelay });
  const before = server.requests.length;
  const spent = endpoint.spent();
  server.forget();
  server.faults = faults.map((fault) => ({
    ...fault,
    ...(Array.isArray(fault.on) && { on: (fault.on as number[]).map((n) => n + before) }),
  }));
  return { server, endpoint, spent };
}

describe("what passes", () => {
  test.each<[string, Fault[], object?]>([
    ["429", [{ type: "status", status: 429, on: [1, 2] }]],
    ["500", [{ type: "status", status: 500, on: [1, 2] }]],
    [
      "502 with a proxy's page",
      [{ type: "status", status: 502, body: "<html>bad gateway</html>", on: [1, 2] }],
    ],
    ["503", [{ type: "status", status: 503, on: [1, 2] }]],
    [
      "408 and 409",
      [
        { type: "status", status: 408, on: [1] },
        { type: "status", status: 409, on: [2] },
      ],
    ],
    ["a page with status 200", [{ type: "html", on: [1, 2] }]],
    ["an error with status 200", [{ type: "error-within", code: 502, message: "upstream", on: [1, 2] }]],
    ["a connection cut at once", [{ type: "cut", on: [1, 2] }]],
    ["a connection cut in the answer", [{ type: "cut", after: 0.5, on: [1, 2] }]],
    ["half an answer", [{ type: "truncated", on: [1, 2] }]],
    ["half a stream", [{ type: "truncated", on: [1, 2] }], { stream: true }],
    ["a stream without its last piece", [{ type: "truncated", after: 0.7, on: [1, 2] }], { stream: true }],
    [
      "a stream that ends early between two pieces",
      [{ type: "truncated", after: 0.6, events: true, on: [1, 2] }],
      { stream: true },
    ],
    ["a cut stream", [{ type: "cut", after: 0.6, on: [1, 2] }], { stream: true }],
    ["an endless answer", [{ type: "endless", on: [1, 2] }], { requestTimeout: 0.1 }],
    ["an endless stream", [{ type: "endless", on: [1, 2] }], { requestTimeout: 0.1, stream: true }],
    ["an answer that is too late", [{ type: "slow", ms: 400, on: [1, 2] }], { requestTimeout: 0.1 }],
  ])("%s", async (_, faults, more) => {
    const { server, endpoint, spent } = await troubled(faults, more);
    const { text } = await endpoint.chat(ask("hello"));
    expect(text).toBe("you said hello");
    expect(server.requests).toHaveLength(3);
    const now = endpoint.spent();
    expect(now.requests - spent.requests).toBe(3);
    expect(now.retries - spent.retries).toBe(2);
    // What the server may bill is counted, and so is what it may have made of requests without an answer.
    expect(now.inputTokens - spent.inputTokens).toBeGreaterThanOrEqual(server.billed.inputTokens);
    expect(now.outputTokens - spent.outputTokens).toBeGreaterThanOrEqual(server.billed.outputTokens);
  });

  test("busy servers cost nothing; lost answers count in full, and it is said", async () => {
    const busy = await troubled([{ type: "status", status: 429, on: [1, 2] }]);
    await busy.endpoint.chat(ask("hello"));
    const { inputTokens, outputTokens } = busy.server.billed;
    expect(busy.endpoint.spent()).toMatchObject({
      inputTokens: busy.spent.inputTokens + inputTokens,
      outputTokens: busy.spent.outputTokens + outputTokens,
    });
    const cut = await troubled([{ type: "cut", after: 0.5, on: [1] }]);
    await cut.endpoint.chat(ask("hello", 50));
    const answered = cut.server.requests[1]!;
    expect(cut.endpoint.spent().outputTokens - cut.spent.outputTokens).toBe(50 + answered.outputTokens);
    expect(cut.endpoint.notes()).toEqual([expect.stringMatching(/^the answers to 1 requests were lost/)]);
  });

  test("an answer without a number of tokens counts as the most it can be", async () => {
    for (const stream of [false, true]) {
      const { server, endpoint, spent } = await troubled([{ type: "no-usage" }], { stream });
      await endpoint.chat(ask("hello", 50));
      const now = endpoint.spent();
      expect(now.outputTokens - spent.outputTokens).toBe(50);
      expect(now.inputTokens - spent.inputTokens).toBeGreaterThan(server.billed.inputTokens);
      expect(endpoint.notes()).toEqual([expect.stringMatching(/^1 answers came without a number of tokens/)]);
    }
  });

  test("JSON by another name is JSON", async () => {
    const { server, endpoint } = await troubled([{ type: "content-type", value: "text/plain" }]);
    expect((await endpoint.chat(ask("hello"))).text).toBe("you said hello");
    expect(server.requests).toHaveLength(1);
  });

  test("words that are of no use are the answer: who asked has to see", async () => {
    const { endpoint } = await troubled([
      { type: "refusal", text: "No.", on: [1] },
      { type: "changed", change: (text) => `Certainly! ${text} Anything else?`, on: [2] },
      { type: "changed", change: () => "", on: [3] },
    ]);
    expect(await endpoint.chat(ask("a"))).toMatchObject({ text: "", refusal: "No." });
    expect((await endpoint.chat(ask("b"))).text).toBe("Certainly! you said b Anything else?");
    expect(await endpoint.chat(ask("c"))).toMatchObject({ text: "", refusal: null, finish: "stop" });
  });
});

describe("waiting", () => {
  test("as long as the server asks, and everybody", async () => {
    const { server, endpoint } = await troubled(
      [{ type: "status", status: 429, retryAfterMs: 400, on: [1] }],
      { concurrency: 4 },
    );
    const first = endpoint.chat(ask("first"));
    await expect.poll(() => server.requests[0]?.status).toBe(429);
    const refusedAt = server.requests[0]!.at;
    await new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.all([first, ...["a", "b", "c"].map((text) => endpoint.chat(ask(text)))]);
    expect(server.requests).toHaveLength(5);
    for (const { at } of server.requests.slice(1)) expect(at - refusedAt).toBeGreaterThanOrEqual(380);
  });

  test("in seconds, as a date, or in milliseconds", () => {
    const now = Date.parse("2026-11-22T12:00:00Z");
    const of = (headers: Record<string, string>) => waitOf(new Headers(headers), now);
    expect(of({ "retry-after": "7" })).toBe(7000);
    expect(of({ "retry-after": "0.5" })).toBe(500);
    expect(of({ "retry-after": "Sun, 22 Nov 2026 12:00:30 GMT" })).toBe(30_000);
    expect(of({ "retry-after": "Sun, 22 Nov 2026 11:00:00 GMT" })).toBe(0);
    expect(of({ "retry-after-ms": "120", "retry-after": "7" })).toBe(120);
    expect(of({ "retry-after": "soon" })).toBeNull();
    expect(of({})).toBeNull();
  });

  test("a date is waited for", async () => {
    const soon = new Date(Date.now() + 2000).toUTCString();
    const { server, endpoint } = await troubled([{ type: "status", status: 429, retryAfter: soon, on: [1] }]);
    await endpoint.chat(ask("hello"));
    // HTTP dates have no fractions of seconds.
    expect(server.requests[1]!.at - server.requests[0]!.at).toBeGreaterThan(500);
  });

  test("not for hours: the work stops and can go on later", async () => {
    const { server, endpoint } = await troubled([
      { type: "status", status: 429, retryAfter: "7200", on: [1] },
    ]);
    const found = await sentence(endpoint.chat(ask("hello")));
    expect(found).toMatch(/asks to be left alone for 120 minutes/);
    expect(server.requests).toHaveLength(1);
  });

  test("ends at once when the work is stopped", async () => {
    const { server, endpoint } = await troubled([{ type: "status", status: 429, retryAfter: "60" }]);
    const control = new AbortController();
    const asked = sentence(endpoint.chat(ask("hello"), control.signal));
    await expect.poll(() => server.requests[0]?.status).toBe(429);
    const start = performance.now();
    control.abort(new Error("stopped by hand"));
    expect(await asked).toBe("stopped by hand");
    expect(performance.now() - start).toBeLessThan(500);
  });

  test("stops when the tries are used up, with the reason", async () => {
    const { server, endpoint } = await troubled([{ type: "status", status: 500 }], { retries: 2 });
    const asked = endpoint.chat(ask("hello"));
    await expect(asked).rejects.toBeInstanceOf(RequestFailed);
    expect(await sentence(asked)).toMatch(
      /^no answer from http:\/\/127.0.0.1:\d+\/v1 after 3 tries: the server failed \(500: stand-in: status 500\)$/,
    );
    expect(server.requests).toHaveLength(3);
  });
});

describe("what does not pass", () => {
  test("a server that goes away: the work ends, and is no result of failures", async () => {
    const { server, endpoint } = await troubled([], { retries: 1, concurrency: 4 });
    await endpoint.chat(ask("kept"));
    await server.stop();
    const ends = await Promise.all(
      Array.from({ length: 40 }, (_, i) => sentence(endpoint.chat(ask(`${i}`)))),
    );
    const single = ends.filter((end) => /after 2 tries: nobody answers there \([^)]*\)$/.test(end));
    expect(single).toHaveLength(15);
    expect(ends.find((end) => !single.includes(end))).toMatch(
      /after 2 tries: .*; none to 16 requests one after the other, so the work ends: what is answered is kept/,
    );
  });

  test("what fails now and then is no server that has gone away", async () => {
    const { server, endpoint } = await troubled([{ type: "status", status: 500, share: 0.7 }], {
      retries: 0,
      concurrency: 1,
    });
    const ends = await Promise.allSettled(Array.from({ length: 60 }, (_, i) => endpoint.chat(ask(`${i}`))));
    const reasons = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : []));
    expect(reasons.length).toBeGreaterThan(20);
    expect(reasons.every((reason) => reason instanceof RequestFailed)).toBe(true);
    expect(server.requests).toHaveLength(60);
  });

  test("a wrong key", async () => {
    const server = await standIn({ settings: { key: "right-key-12345" } });
    expect(await sentence(open(server))).toMatch(/wants a key .* OPENAI_API_KEY$/);
    process.env["OPENAI_API_KEY"] = "wrong-key-67890";
    try {
      const found = await sentence(open(server));
      expect(found).toMatch(/does not accept the key in OPENAI_API_KEY \(401: .*\[key\]/);
      expect(found).not.toContain("wrong-key");
      expect(server.requests).toHaveLength(2);
    } finally {
      delete process.env["OPENAI_API_KEY"];
    }
  });

  test("an unknown model, with those that the server has", async () => {
    const server = await standIn();
    expect(await sentence(open(server, { model: "stand-on" }))).toMatch(
      /has no model stand-on \(404: .*\): check --model; it has stand-in$/,
    );
  });

  test("a wrong address", async () => {
    const server = await standIn();
    const found = await sentence(open(server, { baseUrl: server.url.replace("/v1", "/api") }));
    expect(found).toMatch(
      /nothing at .*\/api answers \/chat\/completions .* --base-url, which for most servers ends in \/v1$/,
    );
    expect(server.requests).toHaveLength(1);
  });

  test("nobody there", async () => {
    const server = await standIn();
    const baseUrl = server.url;
    await server.stop();
    const found = await sentence(open(server, { baseUrl, retries: 1 }));
    expect(found).toMatch(
      /cannot be asked: no answer from .* after 2 tries: nobody answers there \(.*ECONNREFUSED/,
    );
  });

  test("no right to the model, and no credit", async () => {
    const body = (code: string) =>
      JSON.stringify({ error: { message: "You exceeded your current quota", code } });
    const { endpoint, server } = await troubled([
      { type: "status", status: 403, on: [1] },
      { type: "status", status: 429, body: body("insufficient_quota"), on: [2] },
      { type: "status", status: 402, on: [3] },
    ]);
    expect(await sentence(endpoint.chat(ask("a")))).toMatch(/does not let this key use the model stand-in/);
    expect(await sentence(endpoint.chat(ask("b")))).toMatch(/no credit left/);
    expect(await sentence(endpoint.chat(ask("c")))).toMatch(/no credit left/);
    expect(server.requests).toHaveLength(3);
  });

  test("one request that is refused: the others go on", async () => {
    const flagged = JSON.stringify({ error: { message: "Your input was flagged", code: 403 } });
    const { endpoint, server } = await troubled([
      { type: "status", status: 400, on: [1] },
      { type: "status", status: 403, body: flagged, on: [2] },
    ]);
    await expect(endpoint.chat(ask("a"))).rejects.toBeInstanceOf(RequestFailed);
    await expect(endpoint.chat(ask("b"))).rejects.toBeInstanceOf(RequestFailed);
    expect((await endpoint.chat(ask("c"))).text).toBe("you said c");
    expect(server.requests).toHaveLength(3);
  });
});

test("a storm: every answer is the right one, and nothing is forgotten", async () => {
  const { server, endpoint, spent } = await troubled(
    [
      { type: "status", status: 429, retryAfterMs: 3, share: 0.1 },
      { type: "status", status: 500, share: 0.1 },
      { type: "cut", share: 0.05 },
      { type: "cut", after: 0.5, share: 0.05 },
      { type: "truncated", share: 0.05 },
      { type: "html", share: 0.03 },
      { type: "no-usage", share: 0.1 },
    ],
    { retries: 30, concurrency: 16 },
  );
  const texts = Array.from({ length: 150 }, (_, i) => `line ${i}`);
  const answers = await Promise.all(texts.map((text) => endpoint.chat(ask(text))));
  expect(answers.map(({ text }) => text)).toEqual(texts.map((text) => `you said ${text}`));
  const now = endpoint.spent();
  expect(now.requests - spent.requests).toBe(server.requests.length);
  expect(now.retries).toBe(server.requests.length - 150);
  expect(now.inputTokens - spent.inputTokens).toBeGreaterThanOrEqual(server.billed.inputTokens);
  expect(now.outputTokens - spent.outputTokens).toBeGreaterThanOrEqual(server.billed.outputTokens);
  expect(new Set(server.requests.flatMap(({ troubles }) => troubles)).size).toBe(5);
});
