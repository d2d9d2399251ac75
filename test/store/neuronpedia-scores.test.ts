/** Scores of explanations as Neuronpedia has them: rows that name the explanation, the rest as JSON. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { exportNeuronpedia } from "../../src/store/neuronpedia.ts";
import { openStore } from "../../src/store/store.ts";
import { textOf, writeAnalysis } from "./synthetic.ts";

const rowsOf = (path: string) =>
  gunzipSync(readFileSync(path))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test("a Neuronpedia export has every score of an explanation that has a value, by the explanation's id", async () => {
  const folder = mkdtempSync(join(tmpdir(), "neuronpedia-scores-"));
  const store = openStore(join(folder, "features.sqlite"));
  writeAnalysis(store, "sae", { count: 10, seed: 6 });
  const score = {
    kind: "bricken-2023",
    value: 0.123456,
    interval: [0.1, 0.2],
    degenerate: false,
    asked: 60,
    failed: 2,
    others: { pearson: 0.25 },
    answeredBy: "gpt, integers",
    answers: null,
  } as const;
  store.putInterpretation(
    "sae",
    "feature",
    "x",
    [
      {
        index: 5,
        text: "scored",
        author: "gpt",
        chosen: true,
        primary: "bricken-2023",
        details: null,
        scores: [
          score,
          { ...score, kind: "fuzzing", value: null, interval: null },
          { ...score, kind: "logits" },
        ],
      },
    ],
    { replace: true, tokenText: textOf },
  );
  const { folder: place, scores } = await exportNeuronpedia(store, {
    sae: "sae",
    modelId: "tiny",
    setName: "mlp-test",
    release: { name: "release", description: "A dictionary", creatorName: "Somebody" },
    dataset: "owner/text",
    folder: join(folder, "out"),
    batch: 4,
  });
  expect(scores).toBe(2);
  const [explanation] = rowsOf(join(place, "explanations", "batch-1.jsonl.gz"));
  expect(explanation).toMatchObject({
    description: "scored",
    notes: "by gpt; score 0.12346 (bricken-2023)",
  });
  const rows = rowsOf(join(place, "explanation-scores", "batch-1.jsonl.gz"));
  expect(rows.map(({ explanationScoreTypeName }) => explanationScoreTypeName)).toEqual([
    "bricken-2023",
    "logits",
  ]);
  expect(rows[0]).toMatchObject({
    id: expect.stringMatching(/^c[0-9a-z]{24}$/),
    value: 0.12346,
    explanationScoreModelName: "gpt, integers",
    explanationId: explanation!["id"],
  });
  expect(JSON.parse(rows[0]!["jsonDetails"] as string)).toEqual({
    interval: [0.1, 0.2],
    asked: 60,
    failed: 2,
    degenerate: false,
    others: { pearson: 0.25 },
  });
  store.close();
  rmSync(folder, { recursive: true });
});
