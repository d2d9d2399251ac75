import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { documentOfTokens } from "../../src/text/document-starts.ts";
import { joinShards } from "../../src/text/join-shards.ts";
import { openShards, type TokenSplit } from "../../src/text/shards.ts";
import { filesOfSlice, sliceMaximum } from "../../src/text/slices.ts";
import type { SourceFile } from "../../src/text/source-file.ts";
import { type TokenizeOptions, tokenizeCorpus } from "../../src/text/tokenize.ts";
import { type SmallCorpus, smallCorpus } from "./corpus.ts";

const context = 16;
const SLICES = 3;

let corpus: SmallCorpus;
let files: string;
let folder: string;
beforeAll(async () => {
  corpus = await smallCorpus(240);
  // The same documents in seven files of different sizes.
  files = join(corpus.folder, "files");
  mkdirSync(files);
  const lines = readFileSync(corpus.source, "utf8").trimEnd().split("\n");
  for (let i = 0; i < 7; i++) {
    const own = lines.filter((_, line) => Math.min(6, Math.floor(Math.sqrt(line) / 2)) === i);
    writeFileSync(join(files, `part-${i}.jsonl`), own.map((line) => `${line}\n`).join(""));
  }
});
afterAll(() => rmSync(corpus.folder, { recursive: true, force: true }));
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "slices-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function tokenize(name: string, options: Partial<TokenizeOptions> = {}) {
  return tokenizeCorpus({
    sources: corpus.source,
    tokenizer: corpus.tokenizer,
    context,
    folder: join(folder, name),
    workers: 0,
    heldoutShare: 0.2,
    ...options,
  });
}

/** Every slice in a folder of its own, in the order given, and their folders by number. */
async function tokenizeSlices(options: Partial<TokenizeOptions> = {}, order = [0, 1, 2]): Promise<string[]> {
  for (const index of order) await tokenize(`slice-${index}`, { ...options, slice: { index, of: SLICES } });
  return [0, 1, 2].map((index) => join(folder, `slice-${index}`));
}

/** The ids of each document of a split, as far as they are in whole contexts. */
function documentsOf(split: TokenSplit): string[] {
  const tokens = split.read(0, split.contexts);
  const of = documentOfTokens(tokens, split.context, split.boundaries!);
  const documents: number[][] = [];
  tokens.forEach((id, at) => {
    if (id !== corpus.tokenizer.bosId) (documents[of[at]!] ??= []).push(id);
  });
  return documents.filter((ids) => ids !== undefined).map((ids) => ids.join(" "));
}

function contents(path: string): Record<string, string> {
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

describe.each([
  ["one file, by documents", () => corpus.source],
  ["more files than slices, by files", () => files],
])("%s", (_, sources) => {
  it("has every document of the text once, on the side that it is on without slices", async () => {
    const whole = await tokenize("whole", { sources: sources() });
    const slices = await tokenizeSlices({ sources: sources() });
    for (const slice of slices) expect(openShards(slice).manifest.documents.read).toBeGreaterThan(20);
    const manifest = joinShards(slices, join(folder, "joined"));
    const [expected, joined] = [openShards(join(folder, "whole")), openShards(join(folder, "joined"))];
    expect(manifest).toEqual(joined.manifest);
    expect(manifest.documents).toEqual(whole.documents);
    expect(manifest.request.slices).toBe(SLICES);
    expect(manifest.exhausted).toBe(true);
    for (const side of ["train", "heldout"] as const) {
      expect(manifest[side].documents).toBe(whole[side].documents);
      expect(manifest[side].bytes).toBe(whole[side].bytes);
      const byKind = (summary: typeof whole.train) =>
        summary.kinds.toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
      expect(byKind(manifest[side])).toEqual(byKind(whole[side]));
      const before = documentsOf(expected[side]);
      const after = documentsOf(joined[side]);
      const known = new Set(before);
      const cut = after.filter((ids) => !known.has(ids));
      // The ends of slices, and the end of the whole, which may be cut in one and not in the other.
      expect(cut.length).toBeLessThanOrEqual(SLICES + 1);
      expect(new Set(after).size).toBe(after.length);
      expect(before.length - after.length).toBeLessThanOrEqual(SLICES);
    }
  });
});

describe("slices", () => {
  it("depend on the text and their number alone, and so does what is joined", async () => {
    const first = await tokenizeSlices({ sources: files, shardTokens: 4000 });
    joinShards(first, join(folder, "joined"));
    const joined = contents(join(folder, "joined"));
    for (const path of first) rmSync(path, { recursive: true });
    const again = await tokenizeSlices({ sources: files, shardTokens: 4000, workers: 2 }, [2, 0, 1]);
    joinShards([again[1]!, again[2]!, again[0]!], join(folder, "again"));
    expect(contents(join(folder, "again"))).toEqual(joined);
    // Once more changes nothing.
    joinShards(again, join(folder, "again"));
    expect(contents(join(folder, "again"))).toEqual(joined);
  });

  it("use a document once that is there several times, when they are divided by documents", async () => {
    const twice = join(folder, "twice.jsonl");
    const text = readFileSync(corpus.source, "utf8");
    writeFileSync(twice, text + text);
    const whole = await tokenize("whole", { sources: twice });
    const manifest = joinShards(await tokenizeSlices({ sources: twice }), join(folder, "joined"));
    expect(manifest.documents).toEqual(whole.documents);
    expect(manifest.documents.duplicates).toBeGreaterThanOrEqual(240);
  });

  it("keep a copy in another file on its side, when they are divided by files", async () => {
    const copies = join(folder, "copies");
    mkdirSync(copies);
    for (let i = 0; i < 3; i++) writeFileSync(join(copies, `${i}.jsonl`), readFileSync(corpus.source));
    joinShards(await tokenizeSlices({ sources: copies }), join(folder, "joined"));
    const { train, heldout, manifest } = openShards(join(folder, "joined"));
    expect(manifest.documents.duplicates).toBeLessThan(240);
    const held = new Set(documentsOf(heldout));
    expect(documentsOf(train).filter((ids) => held.has(ids))).toEqual([]);
  });

  it("that were killed in the middle give the same", async () => {
    await tokenizeSlices({ shardTokens: 4000 });
    const expected = contents(join(folder, "slice-1"));
    const path = join(folder, "killed");
    const options = {
      context,
      heldoutShare: 0.2,
      workers: 0,
      shardTokens: 4000,
      batchUnits: 4000,
      saveEvery: 0,
      slice: { index: 1, of: SLICES },
    };
    const script = new URL("./tokenize-killed.ts", import.meta.url).pathname;
    const killed = spawnSync(process.execPath, [
      script,
      corpus.folder,
      corpus.source,
      path,
      "9",
      JSON.stringify(options),
    ]);
    expect(killed.signal).toBe("SIGKILL");
    expect(readdirSync(path)).toContain("progress.json");
    await tokenize("killed", options);
    expect(contents(path)).toEqual(expected);
  });

  it("give together as much as was asked for, each the same or all that it has", async () => {
    const slices = await tokenizeSlices({ maxTokens: 20_000, maxHeldoutTokens: 3_000, shardTokens: 3_000 });
    const { train, heldout, manifest } = openShards(
      (joinShards(slices, join(folder, "joined")), join(folder, "joined")),
    );
    expect(train.contexts).toBe(20_000 / context);
    expect(heldout.contexts).toBe(Math.ceil(3_000 / context));
    expect(manifest.exhausted).toBe(false);
    const parts = slices.map((path) => openShards(path));
    // The first contexts of each, shard by shard in turn.
    const own = parts.map((part) => part.train.read(0, Math.floor(3_000 / context)));
    own.forEach((tokens, i) => {
      expect(train.read(i * (tokens.length / context), tokens.length / context)).toEqual(tokens);
    });
    // Kind and bytes of every context are those that it has in its slice.
    const described = (path: string) => {
      const { heldout: split, heldoutKinds } = openShards(path);
      const { kinds, kind, bytes } = heldoutKinds();
      expect(kind.length).toBe(split.contexts);
      return kind.map((index, at) => `${split.read(at, 1).join(" ")}: ${kinds[index]}, ${bytes[at]}`);
    };
    const known = slices.map((path) => new Set(described(path)));
    const joined = described(join(folder, "joined"));
    const from = known.map((set) => joined.filter((context) => set.has(context)).length);
    expect(from.toSorted((a, b) => a - b)).toEqual([62, 63, 63]);
    expect(sliceMaximum(800, { index: 0, of: 100 })).toBe(9);
    expect(sliceMaximum(null, { index: 0, of: 100 })).toBeNull();
  });

  it("are linked and not copied, and documents do not go on into another slice", async () => {
    const slices = await tokenizeSlices({ shardTokens: 4000 });
    joinShards(slices, join(folder, "joined"));
    const { manifest, train } = openShards(join(folder, "joined"));
    expect(statSync(join(folder, "joined", manifest.train.shards[0]!.file)).nlink).toBe(2);
    let at = 0;
    for (const { contexts } of manifest.train.shards) {
      expect(train.boundaries!.starts).toContain(at);
      at += contexts;
    }
  });

  it("that do not belong together, are missing, damaged or too small are refused", async () => {
    const slices = await tokenizeSlices();
    const into = join(folder, "joined");
    expect(() => joinShards(slices.slice(0, 2), into)).toThrow(/slice 2 of 3 is missing/);
    expect(() => joinShards([...slices, slices[0]!], into)).toThrow(/4 folders are given for 3 slices/);
    await tokenize("whole");
    expect(() => joinShards([slices[0]!, slices[1]!, join(folder, "whole")], into)).toThrow(
      /no slice of the text/,
    );
    await tokenize("other", { heldoutShare: 0.3, slice: { index: 2, of: SLICES } });
    expect(() => joinShards([slices[0]!, slices[1]!, join(folder, "other")], into)).toThrow(
      /no slice of the text/,
    );
    expect(() => joinShards(slices, into, { minTokens: 1e9 })).toThrow(
      /to train on, 1000000000 were asked for/,
    );
    await expect(tokenize("none", { slice: { index: 3, of: 3 } })).rejects.toThrow(/slice 3 of 3/);
    rmSync(join(slices[1]!, "manifest.json"));
    expect(() => joinShards(slices, join(folder, "again"))).toThrow(/holds no finished token shards/);
  });
});

it("files are divided so that slices are of like size, and each has some", () => {
  const sizes = [900, 500, 400, 300, 200, 100, 0, 0];
  const list = sizes.map((size, i): SourceFile => ({
    name: `${i}`,
    size,
    documents: () => [][Symbol.iterator](),
  }));
  const slices = [0, 1, 2].map((index) => filesOfSlice(list, { index, of: 3 })!);
  expect(
    slices
      .flat()
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(list.map(({ name }) => name));
  for (const slice of slices) {
    const bytes = slice.reduce((sum, { size }) => sum + size, 0);
    expect(bytes).toBeGreaterThan(600);
    expect(bytes).toBeLessThan(1000);
  }
  expect(filesOfSlice(list, { index: 0, of: 9 })).toBeUndefined();
});
