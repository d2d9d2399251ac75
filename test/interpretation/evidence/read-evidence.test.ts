/** One pass with real parts: passages beside the text on disk, columns beside the model's own activations. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../../src/engine/engine.ts";
import { contextsToRead, READING_ORDER } from "../../../src/features/pass/contexts-to-read.ts";
import { contextsReadOn } from "../../../src/features/pass/read-batches.ts";
import type { SplitName } from "../../../src/features/records.ts";
import { neuronUnits } from "../../../src/features/units.ts";
import type { Passage } from "../../../src/interpretation/evidence/passage.ts";
import {
  type EvidenceRequest,
  readEvidence,
  type SetEvidence,
} from "../../../src/interpretation/evidence/read-evidence.ts";
import { BATCH, CONTEXT, openText, type ReadText } from "./read-text.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-evidence-"));
let engine: Engine;
let text: ReadText;
beforeAll(async () => {
  engine = await Engine.start({ workers: 2 });
  text = await openText(engine, folder, 200);
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true });
});

const contexts = (heldout = 30, train = 60) =>
  contextsToRead(text.shards, { heldout: heldout * CONTEXT, train: train * CONTEXT });
const sets = (every = 4): EvidenceRequest["sets"] => {
  const [output, neurons] = text.readers;
  return [
    { units: neuronUnits(neurons.dIn), reader: neurons, chosen: [7, 0, 3] },
    { units: neuronUnits(neurons.dIn), reader: neurons, chosen: [3], every },
    { units: neuronUnits(output.dIn), reader: output, chosen: [1, 2] },
  ];
};
const read = (more: Partial<EvidenceRequest> = {}) =>
  readEvidence({
    shards: text.shards,
    contexts: contexts(),
    sets: sets(),
    concurrency: 2,
    seed: 5,
    tokenText: String,
    ...more,
  });
const plain = (evidence: readonly SetEvidence[]) =>
  evidence.map(({ passage, columns }) => ({
    ...passage,
    tokenText: undefined,
    columns: columns.map(({ rows, values }) => [[...rows], [...values]]),
  }));

/** For every context of a split, the document of each token by reading the split from its start; −1 for separators. */
function documentsOf(split: SplitName): number[][] {
  const { bos_token_id } = text.shards.manifest;
  let document = 0;
  return Array.from({ length: text.shards[split].contexts }, (_, number) =>
    Array.from(text.shards[split].read(number, 1), (token, position) => {
      if (token !== bos_token_id) return document;
      if (position > 0) document++;
      return -1;
    }),
  );
}

/** The side of each document of each split, as far as the passage has it. Fails where one has two sides. */
function sidesOf({ places, documents, sides }: Passage): Map<string, number> {
  const found = new Map<string, number>();
  const truth = { heldout: documentsOf("heldout"), train: documentsOf("train") };
  for (const [i, { split, context }] of places!.entries()) {
    for (const [position, document] of truth[split][context]!.entries()) {
      const number = documents[i * CONTEXT + position]!;
      expect(number >= 0).toBe(document >= 0);
      if (number < 0) continue;
      const key = `${split} ${document}`;
      expect(found.get(key) ?? sides[number]).toBe(sides[number]);
      found.set(key, sides[number]!);
    }
  }
  return found;
}

describe("evidence", () => {
  test("has the text of the contexts, each document with a number of its own", async () => {
    const [{ passage }] = (await read()) as [SetEvidence];
    const expected = READING_ORDER.flatMap((split) =>
      Array.from(contexts()[split], (context) => ({ split, context })),
    );
    expect(passage.places).toEqual(expected);
    expect([...passage.starts]).toEqual(Array.from({ length: expected.length + 1 }, (_, i) => i * CONTEXT));
    const truth = { heldout: documentsOf("heldout"), train: documentsOf("train") };
    const numbers = new Map<number, string>();
    for (const [i, { split, context }] of expected.entries()) {
      const here = [i * CONTEXT, (i + 1) * CONTEXT] as const;
      expect(passage.tokens.slice(...here)).toEqual(text.shards[split].read(context, 1));
      for (const [position, document] of truth[split][context]!.entries()) {
        const number = passage.documents[here[0] + position]!;
        const key = document < 0 ? "separator" : `${split} ${document}`;
        expect(numbers.get(number) ?? key).toBe(key);
        numbers.set(number, key);
      }
    }
    // As many numbers as documents, from 0 on.
    expect(new Set(numbers.values()).size).toBe(numbers.size);
    const used = [...numbers.keys()].filter((number) => number >= 0);
    expect(used.sort((a, b) => a - b)).toEqual(Array.from({ length: passage.sides.length }, (_, i) => i));
    expect(used.length).toBeGreaterThan(50);
    expect(passage.documents[0]).toBe(-1);
  });

  test("has one side a document, whatever is read of it and by whom", async () => {
    const whole = await read();
    const sides = sidesOf(whole[0]!.passage);
    expect(new Set(sides.values())).toEqual(new Set([0, 1, 2]));
    expect(sidesOf(whole[2]!.passage)).toEqual(sides);
    const others = [whole[1]!, ...(await read({ contexts: contexts(11, 200), sets: sets().slice(2) }))];
    for (const { passage } of others) {
      const agreed = [...sidesOf(passage)].filter(([document]) => sides.has(document));
      expect(agreed.length).toBeGreaterThan(10);
      for (const [document, side] of agreed) expect(side, document).toBe(sides.get(document));
    }
    expect(sidesOf((await read({ seed: 6 }))[0]!.passage)).not.toEqual(sides);
  });

  test("has a passage of its own for sets that are read on every fourth batch", async () => {
    const [every, fourth, output] = (await read()) as [SetEvidence, SetEvidence, SetEvidence];
    expect(output.passage).toBe(every.passage);
    const due = contextsReadOn(contexts(), BATCH, 4);
    expect(
      fourth.passage.places!.filter(({ split }) => split === "train").map(({ context }) => context),
    ).toEqual([...due.train]);
    // Neuron 3 is in both: its column there is that of the whole, at these contexts.
    const at = fourth.passage.places!.map((place) =>
      every.passage.places!.findIndex(
        ({ split, context }) => split === place.split && context === place.context,
      ),
    );
    const dense = (set: SetEvidence, column: number) => {
      const values = new Float32Array(set.passage.tokens.length);
      set.columns[column]!.rows.forEach((row, e) => (values[row] = set.columns[column]!.values[e]!));
      return values;
    };
    const whole = dense(every, 2);
    const expected = at.flatMap((i) => [...whole.subarray(i * CONTEXT, (i + 1) * CONTEXT)]);
    expect([...dense(fourth, 0)]).toEqual(expected);
    for (const [i, from] of at.entries()) {
      const cut = (values: Int32Array, context: number) =>
        values.slice(context * CONTEXT, (context + 1) * CONTEXT);
      expect(cut(fourth.passage.tokens, i)).toEqual(cut(every.passage.tokens, from));
      expect(cut(fourth.passage.documents, i)).toEqual(cut(every.passage.documents, from));
    }
  });

  test("has the activations that the model has there", async () => {
    const [{ passage, columns }] = (await read()) as [SetEvidence];
    const [, neurons] = text.readers;
    for (const first of [0, 9, 30, 57]) {
      const batch = passage.tokens.slice(first * CONTEXT, (first + BATCH) * CONTEXT);
      const x = (await neurons.read(batch)).slice();
      for (const [c, unit] of [7, 0, 3].entries()) {
        const { rows, values } = columns[c]!;
        for (let token = 0; token < BATCH * CONTEXT; token++) {
          const entry = rows.indexOf(first * CONTEXT + token);
          const f = x[token * neurons.dIn + unit]!;
          if (entry < 0) expect(f).toBeLessThanOrEqual(1e-6);
          else expect(Math.abs(values[entry]! - f)).toBeLessThan(1e-5);
        }
      }
    }
  });

  test("is the same after being stopped and gone on with, and with more threads", async () => {
    // Contexts that follow each other, so that documents go on from one batch into the next.
    const all = { contexts: contexts(10 ** 6, 60) };
    const straight = plain(await read(all));
    expect(plain(await read({ ...all, concurrency: 4 }))).toEqual(straight);
    for (const batches of [1, 13]) {
      const checkpoint = { folder: join(folder, `checkpoint-${batches}`), minutes: 60, fingerprint: "a" };
      const stop = new AbortController();
      const onProgress = ({ tokens }: { tokens: number }) => {
        if (tokens >= batches * BATCH * CONTEXT) stop.abort(new Error("stopped by a test"));
      };
      await expect(read({ ...all, checkpoint, onProgress, signal: stop.signal })).rejects.toThrow(
        "stopped by a test",
      );
      const resumed: number[] = [];
      const onResume = (tokens: number) => resumed.push(tokens);
      expect(plain(await read({ ...all, checkpoint, onResume }))).toEqual(straight);
      expect(resumed).toEqual([batches * BATCH * CONTEXT]);
    }
  });

  test("of no sets is none", async () => {
    expect(await read({ sets: [] })).toEqual([]);
  });
});
