/** The control on shuffled weights: the same dictionary on the same text, found again, resumed, and taken further as any run. */

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadModel } from "../../src/model/load.ts";
import { shuffledSha256 } from "../../src/model/shuffled-weights.ts";
import { saveModel } from "../../src/model/weights.ts";
import { Random } from "../../src/random.ts";
import { analyseRun } from "../../src/run/analysis.ts";
import { compareDictionaries } from "../../src/run/compare.ts";
import { evaluateFromDisk } from "../../src/run/evaluation.ts";
import type { RunRequest } from "../../src/run/request.ts";
import { run } from "../../src/run/run.ts";
import { shuffledControl, type ShuffledControlRequest } from "../../src/run/shuffled-control.ts";
import { openRunModel } from "../../src/run/subject.ts";
import { RunView } from "../../src/explorer/server/run-view.ts";
import { Workbench } from "../../src/explorer/server/workbench.ts";
import { readRunRecord } from "../../src/report/run-folder.ts";
import { openStore } from "../../src/store/store.ts";
import { monosemantic } from "../cli/processes.ts";
import { records } from "../text/sentences.ts";

const MODEL = "test/fixtures/models/text";
const folder = mkdtempSync(join(tmpdir(), "monosemantic-control-"));
const original = join(folder, "run");
const data = join(folder, "text.jsonl");

const config = {
  model: MODEL,
  hook: "blocks.1.hook_resid_pre",
  context: 24,
  data: [data],
  heldoutShare: 0.2,
  bufferMb: 0.5,
  whenTextEnds: "epoch",
  batch: 256,
  expansion: [2, 4],
  tokens: 20_000,
  evaluationTokens: 3000,
};
const runRequest: RunRequest = {
  ...config,
  whenTextEnds: "epoch",
  evaluateAt: [],
  dictionaries: [2, 4].map((expansion) => ({ expansion, batch: 256, tokens: 20_000 })),
  out: original,
  resume: false,
  checkpointMinutes: 60,
  threads: 1,
  config,
  command: [],
};

beforeAll(async () => {
  writeFileSync(data, records(Random.of(7, "control"), 200));
  await run(runRequest);
  // The text moves on; the run has its tokens.
  writeFileSync(data, "{}\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

const asked = (more: Partial<ShuffledControlRequest> = {}): ShuffledControlRequest => ({
  run: original,
  saes: ["x4"],
  seed: 3,
  threads: 1,
  ...more,
});
const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8"));
const weights = (place: string, sae: string) =>
  readFileSync(join(place, "saes", sae, "sae_weights.safetensors"));
const copyOf = (name: string) => {
  const copy = join(folder, name);
  cpSync(original, copy, { recursive: true });
  return copy;
};

test("a control is the same dictionary on shuffled weights and the same tokens, and is found again", async () => {
  const control = await shuffledControl(asked());
  const { folder: place } = control;
  expect(place).toBe(join(original, "controls", "shuffled-weights", "x4"));
  expect(control).toMatchObject({ reused: false, seed: 3, tokens: 20_000 });
  const [made, from] = [json(place, "run.json"), json(original, "run.json")];
  expect(made).toMatchObject({
    status: "complete",
    hook: from.hook,
    config: { ...config, expansion: [4], shuffleWeights: 3 },
    model: {
      name: "text-shuffled-3",
      shuffled: 3,
      weights_sha256: shuffledSha256(from.model.weights_sha256, 3),
    },
    text: { train: from.text.train, heldout: from.text.heldout },
  });
  expect(made.saes).toEqual([from.saes[1]]);
  expect(weights(place, "x4").equals(weights(original, "x4"))).toBe(false);
  expect(json(place, "saes", "x4", "cfg.json").metadata).toMatchObject({
    model_name: "text-shuffled-3",
    monosemantic: { shuffle_weights: 3 },
  });
  expect(existsSync(join(place, "report.html"))).toBe(true);

  // No copy of the tokens, and the control outlives the original.
  const inode = (where: string) => statSync(join(where, "tokens", "train-00000.u16")).ino;
  expect(inode(place)).toBe(inode(original));

  const evaluation = json(place, "saes", "x4", "evaluation.json");
  const originalL0 = json(original, "saes", "x4", "evaluation.json").l0;
  expect(control.dictionaries).toEqual([
    { name: "x4", folder: join(place, "saes", "x4"), evaluation, originalL0 },
  ]);
  const differs = Math.max(evaluation.l0 / originalL0, originalL0 / evaluation.l0) > 2;
  expect(control.notes).toHaveLength(differs ? 1 : 0);

  const before = statSync(join(place, "run.json")).mtimeMs;
  expect(await shuffledControl(asked())).toEqual({ ...control, reused: true });
  // Never on more tokens than the dictionary itself.
  expect(await shuffledControl(asked({ tokens: 1e6 }))).toEqual({ ...control, reused: true });
  expect(statSync(join(place, "run.json")).mtimeMs).toBe(before);
});

test("fewer tokens, or another seed, make it anew, and say so", async () => {
  const copy = copyOf("anew");
  await shuffledControl(asked({ run: copy }));
  const notes: string[] = [];
  const fewer = await shuffledControl(asked({ run: copy, tokens: 10_000 }), {
    onNote: (line) => notes.push(line),
  });
  expect(notes[0]).toMatch(/the control in .*x4 is of another request.*made anew/);
  expect(fewer).toMatchObject({ reused: false, tokens: 10_000 });
  expect(fewer.notes[0]).toBe("the control on shuffled weights was trained on 10000 tokens, x4 on 20000");
  const first = weights(fewer.folder, "x4");
  const other = await shuffledControl(asked({ run: copy, tokens: 10_000, seed: 4 }));
  expect(other.reused).toBe(false);
  expect(weights(other.folder, "x4").equals(first)).toBe(false);
});

test("several share one stream, and serve for each of them", async () => {
  const copy = copyOf("several");
  rmSync(join(copy, "controls"), { recursive: true, force: true });
  const both = await shuffledControl(asked({ run: copy, saes: undefined }));
  expect(both.folder).toBe(join(copy, "controls", "shuffled-weights", "x2+x4"));
  expect(both.dictionaries.map(({ name }) => name)).toEqual(["x2", "x4"]);
  const one = await shuffledControl(asked({ run: copy, saes: ["x2"] }));
  expect(one).toMatchObject({ reused: true, folder: both.folder });
  // Alone it would have been the same.
  const alone = await shuffledControl(asked());
  expect(weights(alone.folder, "x4").equals(weights(both.folder, "x4"))).toBe(true);
});

test("stopped, it goes on to the same end", async () => {
  const copy = copyOf("stopped");
  rmSync(join(copy, "controls"), { recursive: true, force: true });
  const stop = new AbortController();
  await expect(
    shuffledControl(asked({ run: copy }), {
      signal: stop.signal,
      onPhase: (name) => {
        if (name.endsWith(": training")) stop.abort();
      },
    }),
  ).rejects.toThrow(/stopped: the control on shuffled weights is saved in .*x4 .* goes on from there/);
  const notes: string[] = [];
  const { folder: place, reused } = await shuffledControl(asked({ run: copy }), {
    onNote: (line) => notes.push(line),
  });
  expect(reused).toBe(false);
  expect(notes).toContainEqual(expect.stringMatching(/resuming from the checkpoint of step \d/));
  const undisturbed = await shuffledControl(asked());
  expect(weights(place, "x4").equals(weights(undisturbed.folder, "x4"))).toBe(true);
});

test("features, evaluate and compare work on it with the weights shuffled", async () => {
  const { folder: place, dictionaries } = await shuffledControl(asked());
  const sae = dictionaries[0]!.folder;
  const source = await openRunModel({ run: place }, readRunRecord(place));
  expect(source.model.name).toBe("text-shuffled-3");

  const { store: path } = await analyseRun({
    run: place,
    options: {
      featuresTokens: 5000,
      neurons: false,
      neuronTokens: 1000,
      ablations: 0,
      map: false,
      proxies: [],
    },
    checkpointMinutes: 60,
    threads: 1,
  });
  const store = openStore(path, { readonly: true });
  try {
    expect(store.unit("x4", "feature", 0)).toBeDefined();
  } finally {
    store.close();
  }

  const text = join(folder, "other.jsonl");
  writeFileSync(text, records(Random.of(8, "control"), 60));
  const measure = async (saes: readonly string[]) => {
    const [placed] = await evaluateFromDisk({
      model: MODEL,
      saes,
      data: [text],
      heldoutShare: 0.5,
      allText: true,
      evaluationTokens: 2000,
      seed: 0,
      out: join(folder, "evaluated"),
      threads: 1,
    });
    return placed!.evaluation;
  };
  // The model's own loss on words at random is another than that of shuffled weights.
  const [shuffled, own] = [await measure([sae]), await measure([join(original, "saes", "x4")])];
  expect(shuffled.ce_clean).not.toBe(own.ce_clean);
  expect(shuffled.explained_variance).toBeGreaterThan(0);
  await expect(measure([sae, join(original, "saes", "x2")])).rejects.toThrow(
    /trained on different models \(.*x4 on weights shuffled with seed 3, .*x2 on the model itself\): take them apart/,
  );

  const { result } = await compareDictionaries({
    dictionaries: [join(original, "saes", "x4"), sae],
    tokens: 2000,
    minActive: 5,
    seed: 0,
    out: join(folder, "compared"),
    threads: 1,
  });
  expect(result.b.model).toBe("text-shuffled-3");
  expect(result.b.model_sha256).not.toBe(result.a.model_sha256);
});

test("live experiments on a run and its control are each on its own model", async () => {
  const { folder: place } = await shuffledControl(asked());
  const bench = new Workbench({ threads: 1 });
  const embedding = (path: string) => {
    const view = new RunView(path, path);
    const sae = view.saes().find(({ name }) => name === "x4")!;
    return bench.withSae(view, sae, async ({ source }) => source.model.weights["wte.weight"]!.slice(0, 40));
  };
  try {
    const [own, shuffled, again] = [
      await embedding(original),
      await embedding(place),
      await embedding(original),
    ];
    const { weights: tensors } = await loadModel(MODEL);
    expect(own).toEqual(tensors["wte.weight"]!.slice(0, 40));
    expect(again).toEqual(own);
    expect(shuffled).not.toEqual(own);
  } finally {
    await bench.close();
  }
});

test("--shuffle-weights on the same text gives the same dictionary", async () => {
  const text = join(folder, "same.jsonl");
  writeFileSync(text, records(Random.of(7, "control"), 200));
  const out = join(folder, "by-flag");
  const flags = {
    model: MODEL,
    "shuffle-weights": "3",
    hook: config.hook,
    context: "24",
    data: text,
    "heldout-share": "0.2",
    "buffer-mb": "0.5",
    batch: "256",
    expansion: "4",
    tokens: "20k",
    threads: "1",
    out,
  };
  const { code, stderr } = await monosemantic(
    "train",
    ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]),
  );
  expect(code, stderr).toBe(0);
  expect(json(out, "run.json")).toMatchObject({ config: { shuffleWeights: 3 }, model: { shuffled: 3 } });
  const { folder: place } = await shuffledControl(asked());
  expect(weights(out, "x4").equals(weights(place, "x4"))).toBe(true);
});

test("another model, an unknown dictionary, and a control of a control are refused", async () => {
  const other = join(folder, "other-model");
  cpSync(MODEL, other, { recursive: true });
  const { config: shape, weights: tensors } = await loadModel(MODEL);
  saveModel(other, shape, {
    ...tensors,
    "wte.weight": tensors["wte.weight"]!.map((value) => value * 1.5),
  });
  const moved = asked({ model: other, seed: 9 });
  await expect(shuffledControl(moved)).rejects.toThrow(/is not the one that the run was made with/);
  await expect(shuffledControl(asked({ saes: ["x8"] }))).rejects.toThrow(/no dictionary "x8": it has x2, x4/);
  const { folder: place } = await shuffledControl(asked());
  await expect(shuffledControl(asked({ run: place }))).rejects.toThrow(/made on shuffled weights itself/);
  await expect(openRunModel({ run: place, model: other }, readRunRecord(place))).rejects.toThrow(
    /is not the one that the run was made with/,
  );
});

test("a dictionary of which run.json does not say how it was trained has no control", async () => {
  const copy = copyOf("unrecorded");
  const record = json(copy, "run.json");
  record.saes[1].options = {};
  writeFileSync(join(copy, "run.json"), JSON.stringify(record));
  await expect(shuffledControl(asked({ run: copy }))).rejects.toThrow(
    /run.json does not say how x4 was trained, so no control can be trained like it/,
  );
});
