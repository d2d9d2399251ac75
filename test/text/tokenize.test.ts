import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tokenizer as Library } from "@huggingface/tokenizers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { contentHash } from "../../src/text/hash.ts";
import { openShards } from "../../src/text/shards.ts";
import { isHeldOut } from "../../src/text/split.ts";
import { type TokenizeOptions, tokenizeCorpus } from "../../src/text/tokenize.ts";
import { type SmallCorpus, smallCorpus } from "./corpus.ts";

let corpus: SmallCorpus;
let folder: string;
beforeAll(async () => void (corpus = await smallCorpus(300)));
afterAll(() => rmSync(corpus.folder, { recursive: true, force: true }));
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "tokens-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const context = 64;

function tokenize(options: Partial<TokenizeOptions> = {}) {
  return tokenizeCorpus({
    sources: corpus.source,
    tokenizer: corpus.tokenizer,
    context,
    folder,
    workers: 0,
    heldoutShare: 0.1,
    ...options,
  });
}

/** Every file of a folder by its checksum. */
function contents(path = folder): Record<string, string> {
  const sum = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(path, name)))
      .digest("hex");
  return Object.fromEntries(
    readdirSync(path)
      .toSorted()
      .map((name) => [name, sum(name)]),
  );
}

/** What the rules of hashing, splitting and packing give, with the library's ids, in plain loops. */
function expectedContexts(heldOut: boolean): number[][] {
  const read = (name: string) => JSON.parse(readFileSync(join(corpus.folder, name), "utf8")) as object;
  const library = new Library(read("tokenizer.json"), read("tokenizer_config.json"));
  const { bosId } = corpus.tokenizer;
  const texts = [...new Set(corpus.texts)].filter((text) => isHeldOut(contentHash(text), 0.1) === heldOut);
  const stream = texts.flatMap((text, i) => {
    const { ids } = library.encode(text, { add_special_tokens: false });
    return i === 0 ? ids : [bosId, ...ids];
  });
  const contexts: number[][] = [];
  for (let at = 0; ; at += context - 1) {
    if (stream[at] === bosId) at++;
    if (at + context - 1 > stream.length) return contexts;
    contexts.push([bosId, ...stream.slice(at, at + context - 1)]);
  }
}

describe("tokenizeCorpus", () => {
  it("gives the contexts that the stated rules give", async () => {
    const manifest = await tokenize({ shardTokens: 100_000 });
    const shards = openShards(folder);
    for (const side of ["train", "heldout"] as const) {
      const expected = expectedContexts(side === "heldout");
      expect(expected.length).toBeGreaterThan(50);
      expect(shards[side].contexts).toBe(expected.length);
      expect(Array.from(shards[side].read(0, expected.length))).toEqual(expected.flat());
      expect(manifest[side].shards.length).toBe(Math.ceil(expected.length / Math.floor(100_000 / context)));
    }
    expect(manifest.exhausted).toBe(true);
    expect(manifest.dtype).toBe("u16");
    expect(manifest.documents.read).toBe(300);
  });

  it("gives the same bytes whatever the number of threads", async () => {
    await tokenize({ workers: 0, shardTokens: 50_000 });
    const alone = contents();
    for (const workers of [1, 3]) {
      const other = mkdtempSync(join(tmpdir(), "tokens-"));
      await tokenize({ folder: other, workers, shardTokens: 50_000 });
      expect(contents(other)).toEqual(alone);
      rmSync(other, { recursive: true });
    }
  });

  it("holds out documents, not parts of them, and knows of what kind they are", async () => {
    const manifest = await tokenize();
    const shards = openShards(folder);
    const { kinds, kind, bytes } = shards.heldoutKinds();
    expect(kind).toHaveLength(shards.heldout.contexts);
    expect(new Set(kinds)).toEqual(
      new Set(corpus.kinds.filter((_, i) => isHeldOut(contentHash(corpus.texts[i]!), 0.1))),
    );
    for (let i = 0; i < shards.heldout.contexts; i++) {
      const text = corpus.tokenizer.decode(
        shards.heldout.read(i, 1).filter((id) => id !== corpus.tokenizer.bosId),
      );
      // A character that is cut in two decodes as two replacements of three bytes each.
      expect(Math.abs(Buffer.byteLength(text) - bytes[i]!)).toBeLessThan(8);
    }
    const total = manifest.heldout.kinds.reduce((sum, counts) => sum + counts.bytes, 0);
    expect(total).toBe(manifest.heldout.bytes);
    expect(manifest.train.documents + manifest.heldout.documents + manifest.documents.duplicates).toBe(300);
  });

  it("stops at the maximum, at the same place for any number of threads", async () => {
    const limits = { maxTokens: 30_000, maxHeldoutTokens: 2_000 };
    const manifest = await tokenize(limits);
    expect(manifest.train.tokens).toBe(Math.ceil(30_000 / context) * context);
    expect(manifest.heldout.tokens).toBe(Math.ceil(2_000 / context) * context);
    expect(manifest.exhausted).toBe(false);
    expect(manifest.documents.read).toBeLessThan(250);
    const alone = contents();
    rmSync(folder, { recursive: true });
    await tokenize({ ...limits, workers: 2 });
    expect(contents()).toEqual(alone);
  });

  it("finds what is finished and does nothing", async () => {
    const manifest = await tokenize();
    const before = contents();
    let batches = 0;
    expect(await tokenize({ onProgress: () => batches++ })).toEqual(manifest);
    expect(batches).toBe(0);
    expect(contents()).toEqual(before);
  });

  it("uses copies once, skips what is hardly text, and counts both", async () => {
    const source = join(folder, "odd.jsonl");
    const good = corpus.texts.slice(0, 60).map((text) => ({ text }));
    const lines = [
      ...good,
      ...good.slice(0, 7),
      { text: "" },
      { text: "\ud800".repeat(50) },
      { text: `${"ok ".repeat(200)}\ud800` },
    ];
    writeFileSync(source, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const manifest = await tokenize({ sources: source, folder: join(folder, "out"), heldoutShare: 0.2 });
    expect(manifest.documents).toEqual({
      read: 70,
      duplicates: 7,
      empty: 1,
      repaired_utf8: 1,
      skipped_utf8: 1,
    });
  });

  it("reads documents that are ids already", async () => {
    const fixtures = join(import.meta.dirname, "../fixtures/text/ids-int32.parquet");
    const manifest = await tokenize({ sources: fixtures, context: 8, heldoutShare: 0.3 });
    expect(manifest.train.documents + manifest.heldout.documents).toBe(30);
    const { bosId } = corpus.tokenizer;
    const first = Array.from(openShards(folder).train.read(0, 1));
    expect(first[0]).toBe(bosId);
    expect(first[2]).toBe(first[1]! + 1);
    expect(first[4]).toBe(bosId);
  });
});

describe("interrupted tokenising", () => {
  const options = {
    context,
    heldoutShare: 0.1,
    shardTokens: 64_000,
    saveEvery: 0,
    workers: 1,
    batchUnits: 50_000,
  };

  it("goes on after kill -9 and gives the bytes of an undisturbed run", async () => {
    await tokenize(options);
    const expected = contents();
    const interrupted = join(folder, "interrupted");
    const script = join(import.meta.dirname, "tokenize-killed.ts");
    for (const killAt of [2, 4]) {
      const run = [
        script,
        corpus.folder,
        corpus.source,
        interrupted,
        String(killAt),
        JSON.stringify(options),
      ];
      expect(spawnSync(process.execPath, run).signal).toBe("SIGKILL");
    }
    const before = readdirSync(interrupted);
    expect(before).toContain("progress.json");
    expect(before.filter((name) => name.startsWith("train-")).length).toBeGreaterThan(0);
    let first = 0;
    await tokenize({ ...options, folder: interrupted, onProgress: ({ documents }) => (first ||= documents) });
    expect(first).toBeGreaterThan(100);
    expect(contents(interrupted)).toEqual(expected);
  });

  it("stops at a signal with progress saved, and goes on", async () => {
    await tokenize(options);
    const expected = contents();
    rmSync(folder, { recursive: true });
    const stop = new AbortController();
    const reason = new Error("Ctrl-C");
    await expect(
      tokenize({ ...options, signal: stop.signal, onProgress: () => stop.abort(reason) }),
    ).rejects.toBe(reason);
    await tokenize(options);
    expect(contents()).toEqual(expected);
  });

  it("refuses to mix with another request", async () => {
    await tokenize();
    await expect(tokenize({ heldoutShare: 0.2 })).rejects.toThrow(/another request \(heldout_share differ\)/);
  });

  it("says so when progress is damaged", async () => {
    const stop = new AbortController();
    await expect(
      tokenize({ ...options, signal: stop.signal, onProgress: () => stop.abort() }),
    ).rejects.toThrow(/aborted/);
    const progress = join(folder, "progress.json");
    const text = readFileSync(progress, "utf8");
    writeFileSync(progress, text.slice(0, 300));
    await expect(tokenize(options)).rejects.toThrow(/progress\.json is damaged/);
    writeFileSync(progress, text);
    rmSync(
      join(
        folder,
        readdirSync(folder).find((name) => name.endsWith("train.tail"))!,
      ),
    );
    await expect(tokenize(options)).rejects.toThrow(/cannot go on with tokenising/);
  });
});

describe("too little text is a failure that says how much there was:", () => {
  const source = (lines: object[]) => {
    const path = join(folder, "few.jsonl");
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    return { sources: path, folder: join(folder, "out") };
  };

  it("no documents", async () => {
    const few = source([]);
    writeFileSync(few.sources, "\n\n");
    await expect(tokenize(few)).rejects.toThrow(/few\.jsonl holds no documents/);
  });

  it("documents without a word", async () => {
    await expect(tokenize(source([{ text: "" }]))).rejects.toThrow(
      /1 documents in .*few\.jsonl \(1 of them duplicates, empty or not UTF-8\) give 0 tokens/,
    );
  });

  it("less than a context", async () => {
    await expect(tokenize(source([{ text: "a few words" }]))).rejects.toThrow(
      /give 0 tokens in 0 whole contexts of 64/,
    );
  });

  it("fewer tokens than asked for", async () => {
    await expect(tokenize({ minTokens: 50_000_000 })).rejects.toThrow(
      /give \d{5,} tokens in \d+ whole contexts .* 50000000 were/,
    );
  });

  it("nothing held out", async () => {
    const one = { text: corpus.texts.slice(0, 20).join("\n") };
    const heldoutShare = isHeldOut(contentHash(one.text), 0.5) ? 0.0001 : 0.5;
    await expect(tokenize({ ...source([one]), heldoutShare })).rejects.toThrow(
      /of held-out text, 1 were asked for/,
    );
    rmSync(join(folder, "out"), { recursive: true });
    expect((await tokenize({ ...source([one]), heldoutShare: 0 })).heldout.contexts).toBe(0);
  });

  it("a share or a context that makes no sense", async () => {
    await expect(tokenize({ heldoutShare: 1 })).rejects.toThrow(/held-out share must be/);
    await expect(tokenize({ context: 1 })).rejects.toThrow(/at least 2 tokens/);
  });
});
