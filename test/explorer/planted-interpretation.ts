/** Explanations with scores and raw answers, and a file of results, for the run of explored-run.ts. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Interpretation } from "../../src/interpretation/result.ts";
import { openStore, type ScoredExplanation, STORE_FILE, type StoredAnswers } from "../../src/store/store.ts";
import { fabricateInterpretation } from "../interpretation/fabricated-interpretation.ts";
import { D_SAE, HOSTILE, tokenText } from "./explored-run.ts";

const EXCERPT = { start: 40, length: 3, centre: 1, group: "interval", interval: 4 } as const;

export const SIMULATION: StoredAnswers = {
  raw: {
    type: "simulation",
    scale: 9,
    excerpts: [EXCERPT, { ...EXCERPT, group: "random", interval: null }],
    quantised: [
      [0, 9, 3],
      [0, 0, 1],
    ],
    real: [
      [0, 4.5, 1.5],
      [0, 0, 0.5],
    ],
    simulated: [[1 / 3, 9, 0], null],
    weights: null,
  },
  tokens: [
    [0, 1, 2],
    [3, 4, 200],
  ],
};

export const FUZZING: StoredAnswers = {
  raw: {
    type: "fuzzing",
    excerpts: [EXCERPT, EXCERPT, EXCERPT],
    marked: [[1], [0, 2], []],
    labels: [true, false, true],
    verdicts: [{ yes: true, probability: 0.75 }, { yes: false, probability: null }, null],
  },
  tokens: [
    [5, 6, 7],
    [5, 6, 8],
    [5, 6, 9],
  ],
};

export const INTRUDER: StoredAnswers = {
  raw: {
    type: "intruder",
    trials: [
      { excerpts: [EXCERPT, EXCERPT], intruder: 1 },
      { excerpts: [EXCERPT, EXCERPT], intruder: 0 },
    ],
    answers: [0, null],
  },
  tokens: [
    [0, 1, 2],
    [1, 2, 3],
    [2, 3, 4],
    [3, 4, 5],
  ],
};

export const LOGITS: StoredAnswers = {
  raw: {
    type: "logits",
    tokens: [0, 250],
    labels: [true, false],
    verdicts: [{ yes: true, probability: 1 }, null],
  },
  tokens: [],
};

const score = (part: Partial<ScoredExplanation["scores"][number]>) => ({
  kind: "bricken-2023" as const,
  value: 0.5,
  interval: [0.25, 0.75] as const,
  degenerate: false,
  asked: 2,
  failed: 1,
  others: { pearson: 0.5, r_squared: null },
  answeredBy: "rule",
  answers: SIMULATION,
  ...part,
});

/** Two explanations of each unit; the worse one is the chosen one, and its text is hostile. */
export function plantInterpretation(run: string, results: readonly Partial<Interpretation>[] = [{}]): void {
  const store = openStore(join(run, STORE_FILE));
  const explanations = Array.from({ length: D_SAE }, (_, index): ScoredExplanation[] => [
    {
      index,
      text: `fires on ${HOSTILE[index % 2]}`,
      author: "token-lookup",
      chosen: true,
      primary: "bricken-2023",
      details: { tokens: [index] },
      scores: [
        score({ value: index === 0 ? null : index / 100 }),
        score({ kind: "fuzzing", answers: FUZZING, value: 0.75 }),
        score({ kind: "intruder", answers: INTRUDER, value: 0.2, interval: null }),
        score({ kind: "logits", answers: LOGITS, value: 1 }),
      ],
    },
    {
      index,
      text: "fires on something else",
      author: "rule",
      chosen: false,
      primary: "bricken-2023",
      details: null,
      scores: [score({ value: 0.99 })],
    },
  ]).flat();
  store.putInterpretation("a", "feature", "offline", explanations, { replace: true, tokenText });
  store.close();
  for (const over of results) plantResult(run, "a", over);
}

export function plantResult(run: string, sae: string, over: Partial<Interpretation> = {}): string {
  const interpretation = fabricateInterpretation({ sae, features: 20, controls: 5, over });
  const folder = join(run, "interpretation", sae);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${interpretation.name}.json`);
  writeFileSync(path, JSON.stringify(interpretation));
  return path;
}
