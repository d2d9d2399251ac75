import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/random.ts";
import { documentOfTokens, documentStartsName } from "../../src/text/document-starts.ts";
import { Packer } from "../../src/text/packing.ts";
import { openShards, type TokenShards } from "../../src/text/shards.ts";
import { shareShards } from "../../src/text/share-shards.ts";
import { tokenizeCorpus } from "../../src/text/tokenize.ts";
import { type SmallCorpus, smallCorpus } from "./corpus.ts";

const bos = 0;

/** Packs documents without separators in them, and says of which document each token of a whole context is. */
function packed(documents: readonly (readonly number[])[], context: number, stopAt?: number) {
  let packer = new Packer(context, bos);
  const tokens: number[] = [];
  const starts: number[] = [];
  documents.forEach((ids, i) => {
    if (i === stopAt) packer = new Packer(context, bos, JSON.parse(JSON.stringify(packer.state)));
    packer.push(Int32Array.from(ids), 0, (full, _, begins) => {
      if (begins) starts.push(tokens.length / context);
      tokens.push(...full);
    });
  });
  return { tokens: Int32Array.from(tokens), starts };
}

describe("documentOfTokens", () => {
  it("tells documents apart wherever they are cut, also when packing was interrupted", () => {
    const random = Random.of(3);
    for (let round = 0; round < 200; round++) {
      // Every token says which document it is of.
      const documents = Array.from({ length: 1 + random.integer(20) }, (_, i) =>
        Array.from({ length: 1 + random.integer(12) }, () => i + 1),
      );
      const context = 2 + random.integer(8);
      const { tokens, starts } = packed(documents, context);
      const found = documentOfTokens(tokens, context, { separator: bos, starts });
      found.forEach((document, at) => {
        if (tokens[at] !== bos) expect(document).toBe(tokens[at]! - 1);
        // A separator belongs to what stands behind it, in its own context or the next.
        else if (at + 1 < tokens.length && (at + 1) % context !== 0)
          expect(document).toBe(tokens[at + 1]! - 1);
      });
      expect(packed(documents, context, random.integer(20))).toEqual({ tokens, starts });
    }
  });

  it("begins anywhere", () => {
    const boundaries = { separator: bos, starts: [0, 5] };
    expect([...documentOfTokens(Int32Array.of(0, 1, 0, 2, 0, 3), 2, boundaries, 4)]).toEqual([
      0, 0, 1, 1, 1, 1,
    ]);
  });
});

describe("shards", () => {
  let corpus: SmallCorpus;
  let shards: TokenShards;
  const folder = mkdtempSync(join(tmpdir(), "document-starts-"));
  beforeAll(async () => {
    corpus = await smallCorpus(300);
    await tokenizeCorpus({
      sources: corpus.source,
      tokenizer: corpus.tokenizer,
      context: 8,
      folder: join(folder, "tokens"),
      heldoutShare: 0.3,
      workers: 0,
    });
    shards = openShards(join(folder, "tokens"));
  });
  afterAll(() => {
    for (const path of [folder, corpus.folder]) rmSync(path, { recursive: true, force: true });
  });

  it("have as many documents as the manifest says, and keep them when they are shared", () => {
    shareShards(shards.folder, join(folder, "shared"));
    for (const { train, heldout, manifest } of [shards, openShards(join(folder, "shared"))]) {
      for (const [split, { documents }] of [
        [train, manifest.train],
        [heldout, manifest.heldout],
      ] as const) {
        expect(split.boundaries!.starts.length).toBeGreaterThan(3);
        const of = documentOfTokens(split.read(0, split.contexts), split.context, split.boundaries!);
        // The last may lie in the incomplete context that is left out.
        expect(documents - (of.at(-1)! + 1)).toBeLessThan(2);
      }
    }
  });

  it("of earlier versions do not say, and a damaged file is refused", () => {
    const old = join(folder, "old");
    shareShards(shards.folder, old);
    rmSync(join(old, documentStartsName));
    expect(openShards(old).heldout.boundaries).toBeUndefined();
    writeFileSync(join(old, documentStartsName), '{"train": [');
    expect(() => openShards(old).heldout.boundaries).toThrow(/does not say where documents begin/);
  });
});
