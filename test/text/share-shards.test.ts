import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadTokenizer } from "../../src/model/tokenizer.ts";
import { Random } from "../../src/random.ts";
import { shareShards } from "../../src/text/share-shards.ts";
import { openShards } from "../../src/text/shards.ts";
import { tokenizeCorpus } from "../../src/text/tokenize.ts";
import { records } from "./sentences.ts";

const folder = mkdtempSync(join(tmpdir(), "share-shards-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function tokenise(name: string, count: number): Promise<string> {
  const path = join(folder, name);
  const text = join(folder, `${name}.jsonl`);
  writeFileSync(text, records(Random.of(1, name), count));
  await tokenizeCorpus({
    sources: text,
    tokenizer: loadTokenizer("test/fixtures/models/text"),
    folder: path,
    context: 16,
    heldoutShare: 0.3,
    workers: 1,
  });
  return path;
}

let from: string;
beforeAll(async () => {
  from = await tokenise("from", 30);
});

function expectSame(to: string) {
  const [a, b] = [openShards(from), openShards(to)];
  expect(b.manifest).toEqual(a.manifest);
  expect(b.train.read(0, b.train.contexts)).toEqual(a.train.read(0, a.train.contexts));
  expect(b.heldout.read(0, b.heldout.contexts)).toEqual(a.heldout.read(0, a.heldout.contexts));
  expect(b.heldoutKinds()).toEqual(a.heldoutKinds());
}

test("shards are shared without a copy, and stay when the first folder goes", async () => {
  const first = await tokenise("first", 20);
  const second = join(folder, "deep", "second");
  shareShards(first, second);
  const shard = openShards(second).manifest.train.shards[0]!.file;
  expect(statSync(join(second, shard)).ino).toBe(statSync(join(first, shard)).ino);
  const tokens = openShards(first).train.read(0, 3);
  rmSync(first, { recursive: true });
  expect(openShards(second).train.read(0, 3)).toEqual(tokens);
});

test("once more changes nothing, and what was cut short is completed", () => {
  const to = join(folder, "to");
  shareShards(from, to);
  shareShards(from, to);
  expectSame(to);
  rmSync(join(to, "manifest.json"));
  writeFileSync(join(to, "heldout-00000.u16.copy"), "cut");
  shareShards(from, to);
  expectSame(to);
});

test("a folder with other tokens, and one without any, are refused", async () => {
  const other = await tokenise("other", 25);
  expect(() => shareShards(from, other)).toThrow(/other holds other tokens than .*from: choose another/);
  expect(() => shareShards(join(folder, "deep"), join(folder, "nowhere"))).toThrow(
    /deep holds no finished token shards \(no manifest.json\)/,
  );
});

const OTHER_DISK = "/dev/shm";
const isOther = existsSync(OTHER_DISK) && statSync(OTHER_DISK).dev !== statSync(tmpdir()).dev;

test.skipIf(!isOther)("to another disk they are copied", () => {
  const disk = mkdtempSync(join(OTHER_DISK, "share-shards-"));
  try {
    shareShards(from, join(disk, "tokens"));
    expectSame(join(disk, "tokens"));
  } finally {
    rmSync(disk, { recursive: true });
  }
});
