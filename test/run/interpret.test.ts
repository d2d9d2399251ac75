/** Planted features are explained as they were planted, and score as they should: with rules, and with a language model behind HTTP. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endpointOptions } from "../../src/interpretation/endpoint/options.ts";
import type { Interpretation, PredictionName, SubjectName } from "../../src/interpretation/result.ts";
import type { ScoreKind } from "../../src/interpretation/scores/score.ts";
import { analyseRun } from "../../src/run/analysis.ts";
import { interpretRun } from "../../src/run/interpret.ts";
import type { InterpretationRequest } from "../../src/run/interpretation-request.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { oracle } from "../interpretation/stand-in/oracle.ts";
import { StandIn } from "../interpretation/stand-in/server.ts";
import { CHAT } from "../interpretation/stand-in/settings.ts";
import { PLANTED, plantRun } from "./planted-run.ts";

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "interpret-"));
  await plantRun(folder, 30);
  await analyseRun({
    run: folder,
    options: {
      featuresTokens: 1e6,
      neurons: true,
      neuronTokens: 4000,
      ablations: 0,
      map: false,
      proxies: ["hangul"],
    },
    checkpointMinutes: 5,
    threads: 2,
  });
});

afterAll(() => rmSync(folder, { recursive: true }));

function request(more: Partial<InterpretationRequest> = {}): InterpretationRequest {
  return {
    run: folder,
    options: { explainTokens: 1e6, controlUnits: 8 },
    protocols: ["bricken-2023", "bills-2023", "detection", "fuzzing", "intruder"],
    sampling: "all",
    seed: 0,
    checkpointMinutes: 5,
    threads: 2,
    ...more,
  };
}

async function interpret(more: Partial<InterpretationRequest> = {}): Promise<Interpretation> {
  const { interpretations } = await interpretRun(request(more));
  const [{ file, interpretation }] = interpretations as [(typeof interpretations)[number]];
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(JSON.stringify(interpretation)));
  return interpretation;
}

function scoreOf(
  { subjects }: Interpretation,
  {
    subject = "features",
    unit,
    kind = "bricken-2023",
    explainer = "chosen",
    prediction = "own",
  }: {
    subject?: SubjectName;
    unit: number;
    kind?: ScoreKind;
    explainer?: string;
    prediction?: PredictionName;
  },
): number | null {
  const { units, scores } = subjects.find((one) => one.subject === subject)!;
  const column = scores.find(
    (one) => one.kind === kind && one.explainer === explainer && one.prediction === prediction,
  );
  return column!.values[units.indexOf(unit)] ?? null;
}

function storeOf<T>(read: (store: Store) => T): T {
  const store = openStore(join(folder, "features.sqlite"), { readonly: true });
  try {
    return read(store);
  } finally {
    store.close();
  }
}

describe("without a language model", () => {
  let found: Interpretation;
  beforeAll(async () => {
    found = await interpret();
  });

  test("every planted feature is explained and scored near 1 on other documents", () => {
    const features = found.subjects.find(({ subject }) => subject === "features")!;
    // One fires on a token that this text hardly has.
    expect(features).toMatchObject({ units: [0, 1, 3, 4], tooRare: 1 });
    for (const unit of features.units) {
      for (const kind of ["bricken-2023", "bills-2023", "detection", "fuzzing", "intruder"] as const) {
        expect(scoreOf(found, { unit, kind }), `${kind} of ${unit}`).toBeGreaterThan(0.9);
      }
    }
  });

  test("what the places of excerpts give away stands beside them", () => {
    for (const unit of [0, 1, 3, 4]) {
      expect(scoreOf(found, { unit, prediction: "place" })).toBeGreaterThan(0.2);
      expect(scoreOf(found, { unit, prediction: "place" })).toBeLessThan(scoreOf(found, { unit })!);
    }
    expect(found.conclusion).toMatch(/one that says only which token of an excerpt is its middle 0\.\d\d\)/);
  });

  test("another feature's explanation does not, but that of a twin", () => {
    const { units } = found.subjects.find(({ subject }) => subject === "features")!;
    const other = units.map((unit) => scoreOf(found, { unit, prediction: "other" })!);
    const low = other.filter((score) => Math.abs(score) < 0.3);
    expect(low.length).toBeGreaterThanOrEqual(3);
    expect(found.conclusion).toMatch(
      /^On documents that they were not made from, explanations of 4 features score 0\.9/,
    );
  });

  test("the words name what was planted", () => {
    const words = storeOf((store) =>
      Object.values(PLANTED).map(({ index }) => store.rows("planted", "feature", [index])[0]!.explanation),
    );
    expect(words[PLANTED.function.index]).toContain("“ function”");
    expect(words[PLANTED.the.index]).toContain("“ the”");
    expect(words[PLANTED.dead.index]).toBeNull();
    const hangul = storeOf((store) => store.explanations("planted", "feature", PLANTED.hangul.index));
    expect(hangul.find(({ author }) => author === "rule")!.text).toMatch(/Hangul/);
  });

  test("a feature that is too rare to be scored is explained all the same", () => {
    const [explanation] = storeOf((store) =>
      store.explanations("planted", "feature", PLANTED.semicolon.index),
    );
    expect(explanation).toMatchObject({ score: null, text: expect.stringContaining("“;”") });
  });

  test("scores, intervals and raw answers are stored with one chosen explanation", () => {
    storeOf((store) => {
      const explanations = store.explanations("planted", "feature", PLANTED.the.index);
      expect(explanations.filter(({ chosen }) => chosen)).toHaveLength(1);
      const { scores, answers } = store.explanation(explanations[0]!.id)!;
      expect(scores.map(({ kind }) => kind)).toContain("bricken-2023");
      expect(store.rows("planted", "feature", [PLANTED.the.index])[0]!.score).toBe(scores[0]!.value);
      const simulation = answers.find(({ raw }) => raw.type === "simulation")!;
      expect(simulation.tokens).toHaveLength(
        simulation.raw.type === "simulation" ? simulation.raw.excerpts.length : -1,
      );
    });
  });

  test("controls stand beside them, and what is missing is said", () => {
    expect(found.subjects.map(({ subject }) => subject)).toEqual([
      "features",
      "neurons",
      "random-directions",
    ]);
    expect(found.notes.join()).toMatch(
      /no control on shuffled weights: .*run\.json does not say how planted was trained/,
    );
    expect(found.conclusion).toMatch(/without the control of shuffled weights it cannot be said/);
    expect(existsSync(join(folder, "interpretation", "planted", `${found.name}.controls.jsonl.zst`))).toBe(
      true,
    );
  });

  test("is the same when it is done again", async () => {
    const { started: _s, finished: _f, seconds: _t, ...again } = await interpret();
    const { started: _s1, finished: _f1, seconds: _t1, ...first } = found;
    expect(again).toEqual(first);
  });
});

describe("with a language model", () => {
  let server: StandIn;
  beforeAll(async () => {
    server = await StandIn.start({ brain: oracle(), settings: CHAT });
  });
  afterAll(() => server.stop());

  const withModel = (more: Record<string, unknown> = {}) => ({
    protocols: ["bricken-2023"] as const,
    endpoint: endpointOptions.parse({ model: server.settings.model, baseUrl: server.url, ...more }),
    options: { explainTokens: 1e6, controlUnits: 2 },
  });

  test("a budget stops it, the next goes on without paying twice, and the third sends nothing", async () => {
    const stopped = await interpret(withModel({ budgetTokens: 60_000 }));
    expect(stopped.stopped).toMatch(/budget/);
    const paid = server.requests.reduce((sum, one) => sum + one.inputTokens + one.outputTokens, 0);
    expect(paid).toBeGreaterThan(0);
    expect(paid).toBeLessThanOrEqual(60_000);

    const sent = server.requests.length;
    const whole = await interpret(withModel());
    expect(whole.stopped).toBeNull();
    expect(whole.failed).toBe(0);
    expect(whole.endpoint).toMatchObject({ model: server.settings.model, mode: "expected-values" });
    expect(Object.keys(whole.endpoint!.prompts)).toContain("explain-bricken.v1.md");
    expect(whole.endpoint!.spent.cached).toBeGreaterThanOrEqual(sent - 10);

    const all = server.requests.length;
    const replayed = await interpret(withModel({ offline: true }));
    expect(server.requests).toHaveLength(all);
    expect(replayed.subjects).toEqual(whole.subjects);
    for (const unit of [0, 1, 3]) {
      expect(scoreOf(whole, { unit, explainer: server.settings.model })).toBeGreaterThan(0.8);
    }
  });

  test("a model that declines leaves no score, and its words stand in the notes", async () => {
    server.faults = [{ type: "refusal", text: "I cannot.", share: 1 }];
    try {
      const declined = await interpret({ ...withModel(), seed: 11 });
      expect(declined.conclusion).toMatch(/^No feature could be scored/);
      expect(declined.notes.join("\n")).toMatch(
        /\d+ explanations of features and controls were not to be had, so they have no scores: the first, ./,
      );
    } finally {
      server.faults = [];
    }
  });

  test("a budget that no unit fits into leaves the result before it", async () => {
    const name = "kept";
    await interpret({ ...withModel(), name });
    const file = join(folder, "interpretation", "planted", `${name}.json`);
    const before = readFileSync(file, "utf8");
    const words = storeOf((store) => store.explanations("planted", "feature", PLANTED.the.index));
    const small = { ...withModel({ budgetTokens: 2000 }), name, seed: 77 };
    await expect(interpret(small)).rejects.toThrow(/no unit was finished, and kept is as it was: .*budget/);
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(storeOf((store) => store.explanations("planted", "feature", PLANTED.the.index))).toEqual(words);
  });

  test("its cost is said before anything is sent", async () => {
    const sent = server.requests.length;
    const notes: string[] = [];
    await interpretRun(
      request({ ...withModel({ priceInput: 1, priceOutput: 2 }), seed: 5, estimateOnly: true }),
      {
        onNote: (note) => notes.push(note),
      },
    );
    expect(notes.join("\n")).toMatch(
      /planted: about \d+ requests with .* tokens in .* at 1 and 2 per million/,
    );
    expect(server.requests.length - sent).toBeLessThanOrEqual(0);
  });
});
