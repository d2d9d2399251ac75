/** Answers are kept whatever happens to the process, the disk, or with another process beside it; and none is ever half one. */

import { execFile, execFileSync, spawn } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { costSentence, paidInAll } from "../../../src/interpretation/endpoint/paid.ts";
import { AnswerCache, canonical, keyOf } from "../../../src/interpretation/endpoint/cache.ts";
import { CHAT, EVERYTHING } from "../stand-in/settings.ts";
import { ask, folder, open, sentence, standIn, tidy } from "./opened.ts";

afterEach(tidy);

const APPEND = new URL("./append-answers.ts", import.meta.url).pathname;

/** Numbers of the answers of a name that are there; each has to be whole. */
function kept(path: string, name: string, count: number): number[] {
  const cache = new AnswerCache(path);
  return Array.from({ length: count }, (_, i) => i).filter((i) => {
    const answer = cache.get(keyOf("test", { name, i })) as { name: string; i: number } | undefined;
    if (answer !== undefined) expect(answer).toMatchObject({ name, i });
    return answer !== undefined;
  });
}

describe("what is asked", () => {
  test("is the same in whatever order its fields stand", () => {
    expect(keyOf("chat", { a: 1, b: [{ d: 2, c: "x" }], e: undefined })).toBe(
      keyOf("chat", { b: [{ c: "x", d: 2 }], a: 1 }),
    );
    expect(keyOf("chat", { a: [1, 2] })).not.toBe(keyOf("chat", { a: [2, 1] }));
    expect(keyOf("chat", { a: 1 })).not.toBe(keyOf("echo", { a: 1 }));
    expect(keyOf("chat", { a: "1" })).not.toBe(keyOf("chat", { a: 1 }));
    expect(canonical({ b: null, a: '\u2028"' })).toBe(`{"a":${JSON.stringify('\u2028"')},"b":null}`);
  });

  test("that was answered is not sent again, and costs nothing", async () => {
    const cache = folder();
    const server = await standIn({ settings: EVERYTHING });
    const first = await open(server, { priceInput: 1, priceOutput: 1 }, { cache });
    const prompt = { prompt: "a\tunknown\n", topLogprobs: 10 };
    const answers = [await first.chat({ ...ask("hello"), topLogprobs: 5 }), await first.scorePrompt(prompt)];
    server.forget();
    const second = await open(server, { priceInput: 1, priceOutput: 1 }, { cache });
    expect(second.support).toEqual(first.support);
    const again = [await second.chat({ ...ask("hello"), topLogprobs: 5 }), await second.scorePrompt(prompt)];
    expect(again).toEqual(answers.map((answer) => ({ ...answer, cached: true })));
    expect(server.requests).toHaveLength(0);
    expect(second.spent()).toEqual({
      requests: 0,
      retries: 0,
      cached: 2,
      inputTokens: 0,
      outputTokens: 0,
      money: 0,
      earlier: expect.objectContaining({ answers: 2 }),
    });
    // Anything else is another question.
    await second.chat({ ...ask("hello"), topLogprobs: 4 });
    await second.chat({ ...ask("hello"), topLogprobs: 5, temperature: 1 });
    await second.chat({ ...ask("hello", 51), topLogprobs: 5 });
    expect(server.requests).toHaveLength(3);
  });

  test("says what it had cost, each answer once, and nothing of what this process paid for", async () => {
    const cache = folder();
    const server = await standIn({ settings: CHAT });
    const prices = { priceInput: 1, priceOutput: 2 };
    const first = await open(server, prices, { cache });
    const { usage } = await first.chat(ask("hello"));
    await first.chat(ask("hello"));
    expect(first.spent()).toMatchObject({ cached: 1, earlier: { answers: 0, inputTokens: 0, money: 0 } });
    const second = await open(server, prices, { cache });
    for (const question of ["hello", "hello", "more", "more"]) await second.chat(ask(question));
    const spent = second.spent();
    const money = (usage.inputTokens + 2 * usage.outputTokens) / 1e6;
    expect(spent).toMatchObject({ cached: 3, earlier: { answers: 1, ...usage, money } });
    expect(paidInAll(spent).inputTokens).toBe(spent.inputTokens + usage.inputTokens);
    expect(costSentence(spent)).toMatch(
      /^it cost 0\.\d+ in the currency of the prices: \d+ tokens in and \d+ out, of which \d+ in and \d+ out were spent before, for answers that were kept$/,
    );
  });

  test("goes on at another address of the same model, where only what the server can do is asked again", async () => {
    const cache = folder();
    const one = await standIn({ settings: CHAT });
    await (await open(one, {}, { cache })).chat(ask("hello"));
    const other = await standIn({ settings: CHAT });
    const endpoint = await open(other, {}, { cache });
    other.forget();
    expect((await endpoint.chat(ask("hello"))).cached).toBe(true);
    expect(other.requests).toHaveLength(0);
  });

  test("is never answered by a failure", async () => {
    const cache = folder();
    const server = await standIn({ settings: CHAT });
    const endpoint = await open(server, { retries: 0 }, { cache });
    const faulty = ({ body }: { body: unknown }) => JSON.stringify(body).includes("hello");
    for (const fault of [{ type: "truncated" }, { type: "status", status: 400 }] as const) {
      server.faults = [{ ...fault, on: faulty }];
      await sentence(endpoint.chat(ask("hello")));
    }
    server.faults = [];
    expect(await endpoint.chat(ask("hello"))).toMatchObject({ cached: false });
  });
});

describe("without a network", () => {
  test("what was answered is answered, and the rest ends in one sentence", async () => {
    const cache = folder();
    const server = await standIn({ settings: EVERYTHING });
    const online = await open(server, {}, { cache });
    const answer = await online.chat(ask("hello"));
    const baseUrl = server.url;
    await server.stop();
    const offline = await open(server, { baseUrl, offline: true }, { cache });
    expect(await offline.chat(ask("hello"))).toEqual({ ...answer, cached: true });
    expect(await sentence(offline.chat(ask("other")))).toMatch(
      /^--offline: the answer of stand-in to this request is not known here/,
    );
    expect(await sentence(open(server, { baseUrl, offline: true }))).toMatch(/there is no cache/);
    expect(await sentence(open(server, { baseUrl, offline: true, model: "other" }, { cache }))).toMatch(
      /what http.* can do with other is not known here .*: give the options .* leave --offline out/,
    );
    expect(offline.spent()).toMatchObject({ requests: 0, cached: 1 });
  });
});

describe("on the disk", () => {
  test("a few files, whatever the number of answers; with the model, the parameters and the date", async () => {
    const cache = folder();
    const server = await standIn({ settings: EVERYTHING });
    const endpoint = await open(server, {}, { cache });
    await Promise.all(Array.from({ length: 60 }, (_, i) => endpoint.chat(ask(`${i}`))));
    await endpoint.scorePrompt({ prompt: "word\tunknown\n".repeat(50), topLogprobs: 20 });
    expect(readdirSync(cache).length).toBeLessThanOrEqual(16);
    const lines = readdirSync(cache)
      .flatMap((name) => readFileSync(join(cache, name), "utf8").split("\n"))
      .filter((line) => line !== "");
    expect(lines).toHaveLength(62);
    const record = lines
      .map((line) => JSON.parse(line))
      .find(({ request }) => request?.messages?.[0].content === "7");
    expect(record).toMatchObject({
      request: { model: "stand-in", temperature: 0, max_tokens: 50 },
      answer: { value: { answer: { finish: "stop" } } },
    });
    expect(Date.parse(record.date)).toBeGreaterThan(Date.now() - 60_000);
    // Two hundred tokens with twenty alternatives each.
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(20_000);
  });

  test("a last line that was cut short is passed over, and does not take the next one with it", () => {
    const path = folder();
    const keys = [0, 1, 2].map((i) => `a${keyOf("test", i).slice(1)}`);
    const cache = new AnswerCache(path);
    cache.put(keys[0]!, 0, { n: 0, text: "}".repeat(50) });
    cache.put(keys[1]!, 1, { n: 1, text: "}".repeat(50) });
    const file = join(path, "a.jsonl");
    const whole = readFileSync(file);
    // Cut at every byte of the second record.
    const start = whole.indexOf(`{"key":"${keys[1]}`);
    for (let length = start; length < whole.length - 1; length++) {
      writeFileSync(file, whole);
      truncateSync(file, length);
      const survivor = new AnswerCache(path);
      expect(survivor.get(keys[0]!)).toMatchObject({ n: 0 });
      const second = survivor.get(keys[1]!);
      if (length < whole.length - 1) expect(second).toBeUndefined();
      survivor.put(keys[2]!, 2, { n: 2 });
      expect(survivor.get(keys[2]!)).toEqual({ n: 2 });
      expect(new AnswerCache(path).get(keys[2]!)).toEqual({ n: 2 });
    }
  });

  test("damage and strange lines are passed over", () => {
    const path = folder();
    const key = `b${"0".repeat(63)}`;
    const cache = new AnswerCache(path);
    cache.put(key, 0, { n: 0 });
    appendFileSync(join(path, "b.jsonl"), `\0\0\0\n{"key":"${key}","answer":}\n[]\n{"key":"short"}\n`);
    expect(cache.get(`b${"1".repeat(63)}`)).toBeUndefined();
    // The last record of a key counts; a damaged one is none.
    expect(new AnswerCache(path).get(key)).toBeUndefined();
    cache.put(key, 0, { n: 3 });
    expect(new AnswerCache(path).get(key)).toEqual({ n: 3 });
  });

  test("another file in its place is read anew", () => {
    const path = folder();
    const [one, two] = ["0", "1"].map((digit) => `c${digit.repeat(63)}`) as [string, string];
    const cache = new AnswerCache(path);
    cache.put(one, 0, { long: "x".repeat(500) });
    expect(cache.get(one)).toBeDefined();
    writeFileSync(join(path, "c.jsonl"), "");
    new AnswerCache(path).put(two, 0, { n: 2 });
    expect(cache.get(two)).toEqual({ n: 2 });
    expect(cache.get(one)).toBeUndefined();
  });

  test("killed at any moment, everything up to then is there", async () => {
    const path = folder();
    const child = spawn(process.execPath, [APPEND, path, "killed", "100000", "3000"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (data: Buffer) => {
      said += data.toString();
      if (said.split("\n").length > 300) child.kill("SIGKILL");
    });
    await new Promise((resolve) => child.once("close", resolve));
    const last = Number(said.trimEnd().split("\n").at(-1));
    expect(last).toBeGreaterThan(200);
    const there = kept(path, "killed", last + 200);
    expect(there.slice(0, last + 1)).toEqual(Array.from({ length: last + 1 }, (_, i) => i));
  });

  test("two processes at once: both keep all, and each sees the other's", async () => {
    const path = folder();
    const cache = new AnswerCache(path);
    expect(cache.get(keyOf("test", { name: "one", i: 0 }))).toBeUndefined();
    const run = promisify(execFile);
    // Some records are longer than a block, some are compressed.
    await Promise.all(
      ["one", "two"].map((name) =>
        run(process.execPath, [APPEND, path, name, "300", "5000"], { maxBuffer: 1 << 24 }),
      ),
    );
    for (const name of ["one", "two"]) expect(kept(path, name, 300)).toHaveLength(300);
    expect(cache.get(keyOf("test", { name: "one", i: 0 }))).toMatchObject({ i: 0 });
  });

  test("a full disk ends in one sentence, and what was kept still stands", () => {
    const path = folder();
    // Files may have 16 blocks of 512 or 1024 bytes: the write that passes that fails, in the middle of its record.
    const command = `ulimit -f 16; exec "$0" "$@"`;
    let message = "";
    let said = "";
    try {
      execFileSync("sh", ["-c", command, process.execPath, APPEND, path, "full", "2000", "900"], {
        stdio: "pipe",
      });
    } catch (error) {
      ({ message, said } = {
        message: String((error as { stderr: Buffer }).stderr),
        said: String((error as { stdout: Buffer }).stdout),
      });
    }
    expect(message).toMatch(/^Failure: cannot write .*\.jsonl: a file may not be that large here/);
    expect(message.trimEnd().split("\n")).toHaveLength(1);
    const count = said.trimEnd().split("\n").length;
    expect(count).toBeGreaterThan(20);
    expect(kept(path, "full", 2000)).toEqual(Array.from({ length: count }, (_, i) => i));
    // With room again it goes on, behind the broken line.
    execFileSync(process.execPath, [APPEND, path, "after", "50", "900"]);
    expect(kept(path, "after", 50)).toHaveLength(50);
    expect(kept(path, "full", 2000)).toHaveLength(count);
  });

  test("a place that cannot be written ends the work, and is named", async () => {
    const path = join(folder(), "file");
    writeFileSync(path, "");
    const server = await standIn({ settings: CHAT });
    const found = await sentence(open(server, {}, { cache: join(path, "cache") }));
    expect(found).toMatch(/^cannot write .*file/);
    expect(existsSync(join(path, "cache"))).toBe(false);
  });
});
