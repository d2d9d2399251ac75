/** A run directory as the explorer finds one: a small model that is really there, dictionaries on it, and an analysis. */

import { join } from "node:path";
import type { AnalysisRecord, Example, StoredContext, UnitRecord } from "../../src/features/records.ts";
import type { UnitKind } from "../../src/features/units.ts";
import { Random } from "../../src/random.ts";
import { writeSae } from "../../src/sae/saelens.ts";
import { openStore, STORE_FILE } from "../../src/store/store.ts";
import { HOME } from "../architecture/imports.ts";
import { fabricateRun, GOOD } from "../report/fabricated-run.ts";

/** 16 wide, 2 layers, 24 positions, 301 tokens; token 300 separates. */
export const MODEL = join(HOME, "test", "fixtures", "models", "text");
export const HOOK = "blocks.1.mlp.hook_post";
export const D_IN = 64;
export const D_SAE = 70;
const CONTEXT = 24;

/** What a page must show as text and nothing else. */
export const HOSTILE = [
  "<script>alert(1)</script>",
  "</script><img src=x onerror=alert(2)>",
  "\u2028\u2029\u0000\u001b[31m",
  "\u200b\u202e\ufeff",
  "שלום",
  "\\xE4",
  "a".repeat(5000),
  '"; DROP TABLE unit; --',
];

export const tokenText = (id: number): string => HOSTILE[id % HOSTILE.length]! + (id < 8 ? "" : id);

export interface RunOptions {
  readonly status?: "running" | "complete" | "failed";
  readonly analysed?: boolean;
  readonly finished?: boolean;
  /** Over what run.json says. */
  readonly run?: Record<string, unknown>;
}

/** Dictionaries "a" and "b", of which "a" is analysed, features and neurons. */
export function exploredRun(
  folder: string,
  { status = "complete", analysed = true, finished = true, run = {} }: RunOptions = {},
): string {
  const saes = ["a", "b"].map((name) => ({ ...GOOD, name, dSae: D_SAE }));
  fabricateRun(folder, {
    saes,
    status,
    evaluated: finished,
    run: { model: { name: "text", folder: MODEL }, hook: HOOK, ...run },
  });
  for (const { name } of finished ? saes : []) writeSae(join(folder, "saes", name), dictionary(name));
  if (analysed) {
    analyse(folder, "feature", D_SAE);
    analyse(folder, "neuron", D_IN);
  }
  return folder;
}

function dictionary(name: string) {
  const random = Random.of(3, name);
  const floats = (n: number, scale: number) =>
    Float32Array.from({ length: n }, () => scale * random.normal());
  return {
    architecture: "standard" as const,
    d_in: D_IN,
    d_sae: D_SAE,
    W_enc: floats(D_SAE * D_IN, 0.5),
    W_dec: floats(D_SAE * D_IN, 0.2),
    b_enc: new Float32Array(D_SAE).fill(0.01),
    b_dec: new Float32Array(D_IN),
    apply_b_dec_to_input: true,
    normalize_activations: "none" as const,
    metadata: { hook_name: HOOK, context_size: CONTEXT },
  };
}

export const CONTEXTS: readonly StoredContext[] = [0, 1, 2].map((context) => ({
  split: "heldout",
  context,
  tokens: Int32Array.from({ length: CONTEXT }, (_, t) => (t === 0 ? 300 : (17 * context + 5 * t) % 256)),
}));

function analyse(folder: string, kind: UnitKind, count: number): void {
  const record: AnalysisRecord = {
    kind,
    count,
    hook: HOOK,
    tokens: { train: 0, heldout: 72, sample: 72 },
    context: CONTEXT,
    alive: count - 1,
    proxies: ["arabic"],
    seconds: 1,
    finished: "2026-03-01T15:00:00.000Z",
    version: "0.1.0",
  };
  const store = openStore(join(folder, STORE_FILE));
  const writer = store.begin("a", record, { tokenText });
  for (let index = 0; index < count; index++) writer.putUnit(unit(kind, index, count));
  writer.putContexts(CONTEXTS);
  writer.commit();
  store.close();
}

/** Unit 0 never fired. */
function unit(kind: UnitKind, index: number, count: number): UnitRecord {
  const active = index === 0 ? 0 : index;
  const example = (context: number, group: Example["group"]): Example => ({
    split: "heldout",
    context,
    group,
    interval: group === "interval" ? 5 : null,
    position: 3,
    document: context,
    value: index / 2,
    positions: [3, 7],
    values: [index / 2, index / 4],
  });
  const neighbour = { index: (index + 1) % count, value: 0.5 };
  return {
    kind,
    index,
    statistics: {
      tokens: 72,
      active,
      density: active / 72,
      mean: index / 4,
      max: index / 2,
      histogram: { start: 0, width: 0.1, counts: [active, 0, 1] },
    },
    singleToken: index === 0 ? null : index % 2 === 0,
    peaks: [],
    tokenAnalysis:
      index === 0
        ? null
        : { tokens: [{ token: index % 8, active: 2, occurred: 3, mean: 0.5 }], entropy: index / 100 },
    logits: {
      top: [{ token: (index + 1) % 8, value: 1 }],
      bottom: [{ token: (index + 2) % 8, value: -1 }],
      histogram: { start: -1, width: 0.5, counts: [1, 2, 1] },
      path: "exact",
    },
    alignment: kind === "feature" ? [{ index: 1, value: 0.9 }] : null,
    nearest: { decoder: [neighbour], activation: [neighbour], neurons: [neighbour] },
    proxies: [
      {
        name: "arabic",
        sensitivity: 0.1,
        specificity: [null, 0.5],
        precision: 0,
        weightedPrecision: 0,
        recall: 0,
      },
    ],
    map: kind === "feature" ? [index, -index] : null,
    examples: index === 0 ? [] : [example(0, "top"), example(1, "interval"), example(2, "random")],
  };
}
