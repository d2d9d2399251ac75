/** Batch files of SAEDashboard: a real one where it is there, and small ones with each thing that can be wrong. */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Failure } from "../../../src/errors.ts";
import { fragments, tokensOfSide } from "../../../src/interpretation/evidence/examples.ts";
import { SIDES } from "../../../src/interpretation/evidence/passage.ts";
import { readSaeDashboard } from "../../../src/interpretation/evidence/saedashboard.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-saedashboard-"));
afterAll(() => rmSync(folder, { recursive: true }));

const record = (tokens: string[], values: number[]) => ({ bin_min: -1, tokens, values });
const feature = (more: object = {}) => ({
  feature_index: 3,
  pos_str: [" a", "b"],
  pos_values: [1, 2],
  neg_str: ["c"],
  neg_values: [-3],
  frac_nonzero: 0.25,
  activations: [record(["b", "c"], [0, 1])],
  ...more,
});
const batch = (features: unknown, more: object = {}) => ({
  model_id: "m",
  layer: 2,
  sae_set: "s",
  features,
  ...more,
});
function read(json: unknown) {
  const path = join(folder, "batch-0.json");
  writeFileSync(path, typeof json === "string" ? json : JSON.stringify(json));
  return readSaeDashboard(path);
}

describe("a batch file", () => {
  test("becomes a passage of distinct prompts with the unit's column", () => {
    const first = ["b", "<|endoftext|>", "c", "b"];
    const found = read(
      batch([
        feature({
          activations: [
            record(first, [0, 4, 0.5, 0]),
            record(["b", "c"], [0, 0]),
            record(first, [0, 4, 0.501, 0]),
            record(["c"], [7]),
          ],
        }),
        feature({ feature_index: 9, activations: [record(["z"], [1]), record(first, [0, 0, 0, 1])] }),
      ]),
    );
    expect(found).toMatchObject({ modelId: "m", layer: 2, saeSet: "s" });
    const [one, two] = found.features;
    expect(one).toMatchObject({ index: 3, density: 0.25, duplicates: 1 });
    const { passage, column, logits } = one!.evidence;
    expect([...passage.starts]).toEqual([0, 4, 6, 7]);
    expect([...passage.documents]).toEqual([0, -1, 0, 0, 1, 1, 2]);
    const text = (ids: Iterable<number>) => Array.from(ids, passage.tokenText);
    expect(text(passage.tokens)).toEqual([...first, "b", "c", "c"]);
    expect([...column.rows]).toEqual([1, 2, 6]);
    expect([...column.values]).toEqual([4, 0.5, 7]);
    // Highest first and lowest first, whatever their order in the file.
    expect(logits!.top.map(({ token, value }) => [passage.tokenText(token), value])).toEqual([
      ["b", 2],
      [" a", 1],
    ]);
    expect(logits!.bottom).toEqual([{ token: passage.tokens[2], value: -3 }]);
    expect(text(logits!.vocabulary).sort()).toEqual([" a", "<|endoftext|>", "b", "c", "z"]);
    // The prompt that both have is one document of one side.
    expect([...two!.evidence.passage.documents]).toEqual([3, 0, -1, 0, 0]);
    expect(two!.evidence.passage.sides).toEqual(passage.sides);
    expect(passage.sides.length).toBe(4);
    expect(new Set(passage.sides).size).toBe(3);
  });

  test("shows bytes of whole characters as these, and keeps tokens apart that look alike", () => {
    const tokens = ["âĢĻ", "’", "âĢ", "Ļ", "Ġthe", " the", "é", "Ã©", "\n", "Ċ", "한"];
    const { passage } = read(
      batch([
        feature({
          activations: [
            record(
              tokens,
              tokens.map(() => 0),
            ),
          ],
        }),
      ]),
    ).features[0]!.evidence;
    expect(Array.from(passage.tokens, passage.tokenText)).toEqual([
      "’",
      "’",
      "âĢ",
      "Ļ",
      " the",
      " the",
      "é",
      "é",
      "\n",
      "\n",
      "한",
    ]);
    expect(new Set(passage.tokens).size).toBe(tokens.length);
  });

  test.each([
    ["no JSON", "{", "is not JSON"],
    ["a list", [], "the whole file: "],
    ["no features", batch([]), "features: "],
    ["a layer that is no number", batch([feature()], { layer: "2" }), "layer: "],
    [
      "a feature without index",
      batch([feature(), feature({ feature_index: undefined })]),
      "features[1].feature_index: ",
    ],
    ["a density above 1", batch([feature({ frac_nonzero: 2 })]), "features[0].frac_nonzero: "],
    ["logits without tokens", batch([feature({ pos_str: [] })]), "features[0].pos_values: has not as many"],
    [
      "an empty prompt",
      batch([feature({ activations: [record([], [])] })]),
      "features[0].activations[0].tokens: ",
    ],
    [
      "an activation too few",
      batch([feature({ activations: [record(["a"], [1]), record(["a", "b"], [1])] })]),
      "features[0].activations[1].values: has not as many",
    ],
    [
      "a negative activation",
      batch([feature({ activations: [record(["a"], [-1])] })]),
      "features[0].activations[0].values: has a negative",
    ],
    [
      "one prompt with two activations",
      batch([feature({ activations: [record(["a"], [1]), record(["b"], [1]), record(["a"], [2])] })]),
      "features[0].activations[2].values: differs",
    ],
  ])("with %s ends in a sentence", (_, json, sentence) => {
    let error: unknown;
    try {
      read(json);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).message).toContain(sentence);
    expect((error as Failure).message).toContain(join(folder, "batch-0.json"));
    expect((error as Failure).message).not.toContain("\n");
  });
});

const oracle = join(import.meta.dirname, "../../../../shared/oracles/saedashboard-gpt2s-res-jb-batch-0.json");

describe.skipIf(!existsSync(oracle))("two real features of GPT-2 small", () => {
  test("are read with their prompts, activations and logits", () => {
    const { modelId, layer, saeSet, features } = readSaeDashboard(oracle);
    expect({ modelId, layer, saeSet }).toEqual({ modelId: "gpt2-small", layer: 0, saeSet: "res-jb" });
    const [brigade, silent] = features;
    expect(brigade).toMatchObject({ index: 0, density: 0.0002, duplicates: 9 });
    expect(silent).toMatchObject({ index: 1, density: 0, duplicates: 29 });
    const { passage, column, logits } = brigade!.evidence;
    expect(passage.starts.length).toBe(30);
    expect(passage.tokens.length).toBe(29 * 127);
    expect([...passage.documents].filter((document) => document < 0).length).toBe(4);
    expect(SIDES.map((side) => tokensOfSide(passage, side).length > 0)).toEqual([true, true, true]);
    expect(logits!.top.length).toBe(10);
    expect(passage.tokenText(logits!.top[0]!.token)).toBe(" Brigade");
    expect(logits!.top[0]!.value).toBe(3.753);
    expect(passage.tokenText(logits!.bottom[0]!.token)).toBe("sequence");
    // What it is active on, by its highest activations.
    const highest = column.rows[column.values.indexOf(Math.max(...column.values))]!;
    expect(passage.tokenText(passage.tokens[highest]!)).toMatch(/brigade/i);
    expect(Math.max(...column.values)).toBeCloseTo(2.214, 3);
    expect(column.rows.length).toBeGreaterThan(25);
    expect(silent!.evidence.column.rows.length).toBe(0);
    expect(silent!.evidence.passage.starts.length).toBe(7);
    expect(fragments(passage, 64).length).toBeGreaterThanOrEqual(25);
  });
});
