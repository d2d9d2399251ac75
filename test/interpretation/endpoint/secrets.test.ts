/** The key is in the header that it belongs in, and nowhere else: no file, no message, no answer, though a server repeats it everywhere. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { endpointOptions } from "../../../src/interpretation/endpoint/options.ts";
import { quotable, redactor } from "../../../src/interpretation/endpoint/secrets.ts";
import { EVERYTHING } from "../stand-in/settings.ts";
import { ask, folder, open, options, sentence, standIn, tidy } from "./opened.ts";

const KEY = 'sk-proj-SECRET/with+"marks"\\7f3a9c';

beforeEach(() => {
  process.env["OPENAI_API_KEY"] = KEY;
});
afterEach(async () => {
  delete process.env["OPENAI_API_KEY"];
  delete process.env["OPENAI_BASE_URL"];
  await tidy();
});

test("a server that repeats it in answers and in every kind of error", async () => {
  const cache = folder();
  const printed: string[] = [];
  for (const name of ["log", "info", "warn", "error", "debug"] as const) {
    const original = console[name];
    console[name] = (...values: unknown[]) => void printed.push(values.map(String).join(" "));
    afterEach(() => {
      console[name] = original;
    });
  }
  process.env["OPENAI_LOG"] = "debug";
  const server = await standIn({
    settings: { ...EVERYTHING, key: KEY },
    brain: { answer: () => `Your key is ${KEY}.` },
  });
  const endpoint = await open(server, { retries: 1 }, { cache });
  delete process.env["OPENAI_LOG"];
  expect(server.requests.every(({ authorization }) => authorization === `Bearer ${KEY}`)).toBe(true);
  const answer = await endpoint.chat({ ...ask("hello"), topLogprobs: 5 });
  expect(answer.text).toBe("Your key is [key].");
  // Its tokens would spell it.
  expect(answer.tokens).toBeNull();
  const messages: string[] = [];
  const body = JSON.stringify({ error: { message: `bad header Authorization: Bearer ${KEY}` } });
  for (const status of [400, 401, 402, 403, 404, 429, 500]) {
    server.faults = [{ type: "status", status, body }];
    messages.push(await sentence(endpoint.chat(ask(`${status}`))));
  }
  server.faults = [{ type: "status", status: 500, body: `plain text with ${KEY} in it` }];
  messages.push(await sentence(endpoint.chat(ask("plain"))));
  server.faults = [{ type: "error-within", code: 500, message: `within: ${KEY}` }];
  messages.push(await sentence(endpoint.chat(ask("within"))));
  for (const message of messages) expect(message).toContain("[key]");
  const files = readdirSync(cache, { recursive: true, encoding: "utf8" }).map((name) =>
    readFileSync(join(cache, name), "utf8").replace(/"zstd":"([^"]*)"/g, (_, packed: string) =>
      zstdDecompressSync(Buffer.from(packed, "base64")).toString(),
    ),
  );
  const everything = [
    ...files,
    ...messages,
    ...printed,
    JSON.stringify([answer, endpoint, endpoint.spent()]),
  ].join("\n");
  expect(everything).not.toContain("SECRET");
  expect(files.join("")).toContain("Your key is [key].");
  // A streamed answer has it in pieces, and structured output in quotation marks.
  server.faults = [];
  server.brain = { answer: () => JSON.stringify({ next: 7, key: KEY }) };
  for (const stream of [true, false]) {
    const other = await open(server, { stream });
    const { text } = await other.chat({ ...ask("again"), topLogprobs: 5 });
    expect(text).toBe('{"next":7,"key":"[key]"}');
  }
});

test("the key is no option, so it is in no configuration", () => {
  const parsed = endpointOptions.parse({ model: "m", apiKey: KEY });
  expect(JSON.stringify(parsed)).not.toContain("SECRET");
});

test("keys within the address are refused, or kept out of what is shown", async () => {
  const server = await standIn();
  const named = options(server, { baseUrl: server.url.replace("//", "//user:password@") });
  const found = await sentence(open(server, named));
  expect(found).toMatch(/^--base-url holds a user or a password/);
  expect(found).not.toContain("password@");
  const endpoint = await open(server, { baseUrl: `${server.url}?token=hidden-word` });
  expect(endpoint.address).toBe(server.url);
  server.faults = [{ type: "status", status: 400, body: "wrong token hidden-word" }];
  expect(await sentence(endpoint.chat(ask("?")))).toMatch(/wrong token \[key\]/);
  process.env["OPENAI_BASE_URL"] = "nowhere";
  expect(await sentence(open(server, { baseUrl: undefined }))).toMatch(/^OPENAI_BASE_URL is no address/);
});

test("without a key local servers get none to keep", async () => {
  delete process.env["OPENAI_API_KEY"];
  const server = await standIn();
  await open(server);
  expect(server.requests[0]!.authorization).toBe("Bearer none");
});

test("a server's words are shown in one short line", () => {
  const redact = redactor("none", new URL("http://localhost/v1"));
  expect(quotable("one\n\u001b[31mtwo\u0000", redact)).toBe("one [31mtwo");
  expect(quotable("x".repeat(1000), redact)).toHaveLength(301);
  expect(quotable("Incorrect API key provided: sk-abcdef123456", redact)).not.toContain("abcdef");
  expect(quotable("none of these", redact)).toBe("none of these");
});
