/** A study that takes seconds: four dictionaries on the model and text of the fixtures, in two groups, every stage but the report's page. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { partsOf } from "../../src/study/parts.ts";
import {
  type Comparison,
  type Group,
  type Measures,
  type Plan,
  type Stage,
  STAGES,
  type Text,
  type Trial,
} from "../../src/study/plan.ts";
import { Random } from "../../src/random.ts";
import { versions } from "../../src/version.ts";
import { records } from "../text/sentences.ts";

export interface SmallStudy {
  /** Of each trial. */
  readonly tokens?: number;
  readonly lr?: Readonly<Record<string, number>>;
  readonly measures?: Partial<Measures>;
  readonly checkpointMinutes?: number;
  readonly slices?: number;
  /** The last stage; the report unless given. */
  readonly until?: Stage;
  /** Names, with the expansion after x and the seed after s; those of one group together. */
  readonly groups?: readonly (readonly string[])[];
}

const ALL: Measures = {
  features: {
    featuresTokens: 3000,
    neurons: false,
    neuronTokens: 1000,
    ablations: 0,
    map: false,
    proxies: [],
  },
  explain: {
    protocols: ["bricken-2023"],
    features: 3,
    sampling: "uniform",
    seed: 0,
    options: { explainTokens: 3000, controlUnits: 2 },
  },
  compare: { tokens: 2000, minActive: 5 },
  effects: null,
};

const NONE: Measures = { features: null, explain: null, compare: null, effects: null };

/** Writes the study's text and plan. */
export function writeSmallStudy(
  study: string,
  {
    tokens = 8192,
    lr = {},
    measures,
    checkpointMinutes = 60,
    slices = 1,
    until = "report",
    groups: names = [
      ["x2-s0", "x2-s1"],
      ["x4-s0", "x4-s1"],
    ],
  }: SmallStudy = {},
): Plan {
  mkdirSync(study, { recursive: true });
  const data = join(study, "text.jsonl");
  writeFileSync(data, records(Random.of(7, "small study"), 200));
  const stream = {
    model: resolve("test/fixtures/models/text"),
    hook: "blocks.1.hook_resid_pre",
    context: 24,
    data: [data],
    heldoutShare: 0.2,
    bufferMb: 1,
    whenTextEnds: "epoch",
    evaluationTokens: 2000,
    evaluateAt: [],
    streamSeed: 0,
  } as const;
  const trials = names.flatMap((group, g) =>
    group.map((name): Trial => {
      const [, expansion, seed] = /^x(\d+)-s(\d+)/.exec(name)!.map(Number);
      const dictionary = {
        expansion: expansion!,
        seed: seed!,
        tokens,
        batch: 256,
        ...(lr[name] && { lr: lr[name] }),
      };
      const { data: text, ...options } = stream;
      return {
        name,
        factors: { expansion: expansion!, seed: seed! },
        dictionary,
        config: { ...options, data: text, ...dictionary },
        group: `g${g + 1}`,
      };
    }),
  );
  const text: Text = { name: "t1", stream, trainTokens: tokens, heldoutTokens: 2000, slices };
  const groups = names.map((group, g): Group => ({ name: `g${g + 1}`, trials: group, stream, text: "t1" }));
  const asked = measures === undefined ? NONE : { ...NONE, ...measures };
  const comparisons = asked.compare === null ? [] : pairs(names);
  const plan: Plan = {
    format: 1,
    version: versions.monosemantic,
    title: "a small study",
    question: null,
    threads: 1,
    checkpointMinutes,
    memoryBytes: 2 ** 30,
    factors: { expansion: [2, 4], seed: [0, 1] },
    trials,
    texts: [text],
    groups,
    comparisons,
    measures: asked,
    parts: partsOf([text], groups, comparisons, asked)
      .filter(({ stage }) => STAGES.indexOf(stage) <= STAGES.indexOf(until))
      .map((part) => ({ ...part, forecast: { seconds: 1, memoryBytes: 2 ** 29, diskBytes: 1e6 } })),
  };
  writeFileSync(join(study, "plan.json"), JSON.stringify(plan));
  return plan;
}

/** Every measurement. */
export const MEASURES = ALL;

function pairs(groups: readonly (readonly string[])[]): Comparison[] {
  return groups.flatMap(([a, b], i) => (a && b ? [{ name: `p${i + 1}`, a, b }] : []));
}
