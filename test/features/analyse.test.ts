/** The pass over the text with the real parts: a small GPT-2 through the engine, at two hook points at once. */

import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { analyse, type AnalysisPass, cutReader } from "../../src/features/pass/analyse.ts";
import type { Collector, TallyBatch } from "../../src/features/pass/batch.ts";
import {
  type ContextsToRead,
  contextsToRead,
  randomTokens,
} from "../../src/features/pass/contexts-to-read.ts";
import type { ReadUnits } from "../../src/features/pass/read-batches.ts";
import { UnitTally } from "../../src/features/tally/tally.ts";
import { neuronUnits } from "../../src/features/units.ts";
import { type Cut, openCut } from "../../src/model/cut.ts";
import { loadModel, type SourceModel } from "../../src/model/load.ts";
import { Random } from "../../src/random.ts";
import { openShards, type TokenShards } from "../../src/text/shards.ts";
import { tokenizeCorpus } from "../../src/text/tokenize.ts";
import { records } from "../text/sentences.ts";

const HOOKS = ["blocks.1.hook_mlp_out", "blocks.1.mlp.hook_post"];
const context = 24;
const batch = 3;

const folder = mkdtempSync(join(tmpdir(), "monosemantic-analyse-"));
let engine: Engine;
let model: SourceModel;
let shards: TokenShards;
let cuts: Cut[];
let contexts: ContextsToRead;

beforeAll(async () => {
  engine = await Engine.start({ workers: 2 });
  model = await loadModel("test/fixtures/models/text");
  const source = join(folder, "text.jsonl");
  writeFileSync(source, records(Random.of(8, "analyse"), 40));
  await tokenizeCorpus({
    sources: [source],
    tokenizer: model.tokenizer!,
    context,
    folder: join(folder, "tokens"),
    heldoutShare: 0.2,
    workers: 0,
  });
  shards = openShards(join(folder, "tokens"));
  cuts = await Promise.all(HOOKS.map((hook) => openCut(engine, model, hook, { batch, context })));
  contexts = contextsToRead(shards, { heldout: 20 * context, train: 101 * context });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true });
});

const units = (): ReadUnits[] => cuts.map((cut) => ({ units: neuronUnits(cut.dIn), reader: cutReader(cut) }));

const tallies = () =>
  cuts.map(
    ({ dIn, hook }, set) =>
      new UnitTally({
        name: hook.replaceAll(/[._]/g, "-"),
        units: dIn,
        set,
        context,
        seed: 1,
        random: randomTokens(contexts, context, 5, 1),
      }),
  );

const pass = (collectors: readonly Collector[], more: Partial<AnalysisPass> = {}) =>
  analyse({ shards, contexts, units: units(), collectors, concurrency: 2, ...more });

/** Calls `each` before every batch. */
function hearing(each: (batch: TallyBatch) => void | Promise<void>): Collector {
  return { name: "hearing", add: each, save: () => ({ tensors: {}, state: null }), restore: () => {} };
}

/** Checksums of all that collectors hold: a list of differing numbers would be endless. */
const saved = (collectors: readonly Collector[]) =>
  collectors.map((one) => {
    const { tensors, state } = one.save();
    const bytes = Object.entries(tensors).map(([name, { data }]) => [
      name,
      createHash("sha256").update(data).digest("hex"),
    ]);
    return { state, tensors: Object.fromEntries(bytes) };
  });

describe("a pass over the text", () => {
  test("brings every context once, in order, with its documents and its active units", async () => {
    const expected = [
      ...[...contexts.heldout].map((number) => ["heldout", number] as const),
      ...[...contexts.train].map((number) => ["train", number] as const),
    ];
    const single = await Promise.all(
      HOOKS.map((hook) => openCut(engine, model, hook, { batch: 1, context })),
    );
    const bos = shards.manifest.bos_token_id;
    await pass([
      hearing(async ({ split, contexts: numbers, tokens, documents, activations }) => {
        for (const [i, number] of numbers.entries()) {
          expect([split, number]).toEqual(expected.shift());
          const here = tokens.subarray(i * context, (i + 1) * context);
          expect(here).toEqual(shards[split].read(number, 1));
          const before = shards[split].read(0, number);
          const separators = before.filter((token, at) => at % context > 0 && token === bos).length;
          expect(documents[i * context]).toBe(separators);
          for (const [c, cut] of single.entries()) {
            const { activation } = await cut.prefix(here.slice());
            const { rowOffsets, indices, values } = await neuronUnits(cut.dIn).encode(activation);
            const [from, to] = [
              activations[c]!.rowOffsets[i * context]!,
              activations[c]!.rowOffsets[(i + 1) * context]!,
            ];
            expect(activations[c]!.indices.subarray(from, to)).toEqual(indices);
            expect(
              Math.max(...values.map((value, e) => Math.abs(value - activations[c]!.values[from + e]!))),
            ).toBeLessThan(1e-5);
            expect(to - from).toBe(rowOffsets[context]);
          }
        }
      }),
    ]);
    expect(expected).toEqual([]);
    await Promise.all(single.map((cut) => cut.close()));
  });

  test("tells how far it is", async () => {
    const heard: number[] = [];
    const total = context * (contexts.heldout.length + contexts.train.length);
    await pass([], {
      onProgress: (progress) => {
        expect(progress.total).toBe(total);
        heard.push(progress.tokens);
      },
    });
    expect(heard[0]).toBe(0);
    expect(heard.at(-1)).toBe(total);
    expect(heard).toEqual([...heard].sort((a, b) => a - b));
  });

  test("gives the same whatever is under way at once", async () => {
    const [one, four] = [tallies(), tallies()];
    await pass(one, { concurrency: 1 });
    await pass(four, { concurrency: 4 });
    expect(saved(four)).toEqual(saved(one));
    expect(one[1]!.statistics(3).active).toBeGreaterThan(0);
  });

  test("gives the same after being stopped and after being killed", async () => {
    const straight = tallies();
    await pass(straight);
    const checkpoint = { folder: join(folder, "checkpoint"), minutes: 60, fingerprint: "a" };

    const stop = new AbortController();
    let batches = 0;
    const stopping = hearing(() => {
      if (++batches === 6) stop.abort(new Error("stopped by a test"));
    });
    await expect(pass([...tallies(), stopping], { checkpoint, signal: stop.signal })).rejects.toThrow(
      "stopped by a test",
    );
    expect(batches).toBe(6);
    expect(readdirSync(checkpoint.folder)).toEqual(["00000006"]);

    // What dies does not save: it has to go on from the last time that it did.
    const dying = hearing(() => {
      if (++batches === 20) throw new Error("killed by a test");
    });
    await expect(pass([...tallies(), dying], { checkpoint: { ...checkpoint, minutes: 0 } })).rejects.toThrow(
      "killed by a test",
    );
    expect(readdirSync(checkpoint.folder)).toEqual(["00000018", "00000019"]);

    const resumed = tallies();
    await pass([...resumed, hearing(() => void batches++)], { checkpoint });
    expect(batches).toBe(
      20 + Math.ceil(contexts.heldout.length / batch) + Math.ceil(contexts.train.length / batch) - 19,
    );
    expect(saved(resumed)).toEqual(saved(straight));
    for (let unit = 0; unit < 5; unit++) expect(resumed[1]!.unit(unit)).toEqual(straight[1]!.unit(unit));
    expect(resumed[0]!.contexts()).toEqual(straight[0]!.contexts());

    // With other options nothing is gone on from.
    await expect(pass(tallies(), { checkpoint: { ...checkpoint, fingerprint: "b" } })).rejects.toThrow(
      "other options",
    );
    await expect(
      pass(tallies(), { checkpoint, contexts: { ...contexts, train: contexts.train.subarray(1) } }),
    ).rejects.toThrow("other options");
  });

  test("refuses units of another width and text of another length, in words", async () => {
    const reader = cutReader(cuts[0]!);
    await expect(pass([], { units: [{ units: neuronUnits(5), reader }] })).rejects.toThrow("of width 5");
    await expect(
      pass([], { units: [{ units: neuronUnits(reader.dIn), reader: { ...reader, context: 12 } }] }),
    ).rejects.toThrow("contexts of 24 tokens");
  });

  test("refuses activations that are not finite, after everything under way has ended", async () => {
    const reader = cutReader(cuts[0]!);
    let underWay = 0;
    let calls = 0;
    const broken = {
      ...reader,
      async read(tokens: Int32Array, into?: Float32Array) {
        underWay++;
        const activation = await reader.read(tokens, into);
        underWay--;
        if (++calls === 4) activation[5] = NaN;
        return activation;
      },
    };
    const broke = pass([], { units: [{ units: neuronUnits(reader.dIn), reader: broken }], concurrency: 4 });
    await expect(broke).rejects.toThrow("not finite");
    expect(underWay).toBe(0);
  });
});
