import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DocumentStream } from "../../src/text/document.ts";
import { openShards } from "../../src/text/shards.ts";
import { tokenizeCorpus } from "../../src/text/tokenize.ts";
import { type SmallCorpus, smallCorpus } from "./corpus.ts";

let corpus: SmallCorpus;
beforeAll(async () => void (corpus = await smallCorpus(60)));
afterAll(() => rmSync(corpus.folder, { recursive: true, force: true }));

async function freshShards(): Promise<string> {
  const folder = mkdtempSync(join(corpus.folder, "tokens-"));
  const { source: sources, tokenizer } = corpus;
  const sizes = { context: 32, shardTokens: 32 * 300, heldoutShare: 0.1 };
  await tokenizeCorpus({ sources, tokenizer, folder, workers: 0, ...sizes });
  return folder;
}

describe("openShards", () => {
  it("reads any range of contexts, across shards, into a given array too", async () => {
    const folder = await freshShards();
    const { train, manifest } = openShards(folder);
    expect(manifest.train.shards.length).toBeGreaterThan(2);
    const all = train.read(0, train.contexts);
    for (const [first, count] of [
      [0, 1],
      [299, 2],
      [150, 550],
      [train.contexts - 1, 1],
      [7, 0],
    ] as const) {
      expect(train.read(first, count)).toEqual(all.slice(first * 32, (first + count) * 32));
    }
    const into = new Int32Array(64);
    expect(train.read(5, 2, into)).toBe(into);
    expect(into).toEqual(all.slice(5 * 32, 7 * 32));
    expect(() => train.read(train.contexts, 1)).toThrow(RangeError);
    expect(() => train.read(-1, 1)).toThrow(RangeError);
    expect(() => train.read(0, 3, into)).toThrow(RangeError);
  });

  it("keeps ids beyond 65,535 in 32 bits", async () => {
    const folder = mkdtempSync(join(corpus.folder, "wide-"));
    const tokenizer = Object.create(corpus.tokenizer, {
      vocabSize: { value: 70_000 },
      files: { value: corpus.tokenizer.files },
      hash: { value: "x" },
      bosId: { value: 0 },
      tokenBytes: { value: () => new Uint8Array(2) },
    }) as typeof corpus.tokenizer;
    const ids = Array.from({ length: 40 }, (_, i) =>
      Int32Array.from({ length: 10 }, (_, j) => 69_000 + i * 10 + j),
    );
    const sources: DocumentStream = {
      sources: ["ids"],
      fingerprint: "",
      next: async () => (ids.length > 0 ? { name: "", kind: "ids", ids: ids.shift()! } : undefined),
      cursor: () => 0,
      seek: () => {},
      close: async () => {},
    };
    await tokenizeCorpus({ sources, tokenizer, context: 11, folder, workers: 0, heldoutShare: 0 });
    const { train, manifest } = openShards(folder);
    expect(manifest.dtype).toBe("u32");
    expect(Array.from(train.read(0, 2))).toEqual([
      0,
      ...Array.from({ length: 10 }, (_, i) => 69_000 + i),
      0,
      ...Array.from({ length: 10 }, (_, i) => 69_010 + i),
    ]);
  });
});

describe("a bad folder of shards is refused:", () => {
  it("none at all, or not finished", () => {
    expect(() => openShards(join(tmpdir(), "no-such-folder"))).toThrow(/holds no finished token shards/);
  });

  it("a shard that is missing, cut short or too long", async () => {
    const folder = await freshShards();
    const shard = join(folder, "train-00002.u16");
    const bytes = readFileSync(shard);
    truncateSync(shard, 100);
    expect(() => openShards(folder)).toThrow(/train-00002\.u16 has 100 bytes, its manifest says 19200/);
    writeFileSync(shard, Buffer.concat([bytes, bytes]));
    expect(() => openShards(folder)).toThrow(/train-00002\.u16 has 38400 bytes/);
    rmSync(shard);
    expect(() => openShards(folder)).toThrow(/train-00002\.u16 cannot be read/);
  });

  it("a shard whose bytes have changed, when it is first read", async () => {
    const folder = await freshShards();
    const shard = join(folder, "train-00001.u16");
    const bytes = readFileSync(shard);
    bytes[1234]! ^= 1;
    writeFileSync(shard, bytes);
    const { train } = openShards(folder);
    expect(train.read(0, 300)).toHaveLength(9600);
    expect(() => train.read(299, 2)).toThrow(/train-00001\.u16 is damaged/);
  });

  it("a manifest that is cut short, changed or of something else", async () => {
    const folder = await freshShards();
    const path = join(folder, "manifest.json");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.slice(0, 500));
    expect(() => openShards(folder)).toThrow(/manifest\.json is not JSON/);
    writeFileSync(path, JSON.stringify({ name: "some package" }));
    expect(() => openShards(folder)).toThrow(/is no manifest of token shards: format/);
    writeFileSync(path, text.replace("train-00000.u16", "../../passwd"));
    expect(() => openShards(folder)).toThrow(/is no manifest of token shards: train\.shards\.0\.file/);
    const changed = JSON.parse(text) as { train: { contexts: number } };
    changed.train.contexts++;
    writeFileSync(path, JSON.stringify(changed));
    expect(() => openShards(folder)).toThrow(/contradicts itself/);
  });

  it("a folder that cannot be written", async () => {
    const parent = mkdtempSync(join(corpus.folder, "read-only-"));
    const file = join(parent, "file");
    writeFileSync(file, "in the way");
    const { source: sources, tokenizer } = corpus;
    const write = (folder: string) => tokenizeCorpus({ sources, tokenizer, context: 32, folder, workers: 0 });
    await expect(write(join(file, "tokens"))).rejects.toThrow(/cannot (write|read) .*file/);
    mkdirSync(join(parent, "locked"));
    chmodSync(join(parent, "locked"), 0o500);
    const asRoot = process.getuid?.() === 0;
    const outcome = await write(join(parent, "locked", "tokens")).then(
      () => "written",
      (error: Error) => error.message,
    );
    expect(outcome).toMatch(asRoot ? /written/ : /permission denied/);
    expect(readdirSync(parent).toSorted()).toEqual(["file", "locked"]);
  });
});
