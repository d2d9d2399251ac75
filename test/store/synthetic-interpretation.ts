/** Explanations drawn at random, with the answers that a protocol of 60 excerpts of 9 tokens leaves behind. */

import { Random } from "../../src/random.ts";
import type { ScoredExplanation, StoredAnswers, StoredScore } from "../../src/store/store.ts";

export interface InterpretationShape {
  readonly count: number;
  readonly seed: number;
  /** Explanations of each unit. */
  readonly authors?: number;
  readonly vocabulary?: number;
  /** Whether simulated values are any numbers, as of a language model, or one of a few, as of a rule. */
  readonly smooth?: boolean;
}

const EXCERPTS = 60;
const LENGTH = 9;

export function* explanationsOf({
  count,
  seed,
  authors = 3,
  vocabulary = 500,
  smooth = false,
}: InterpretationShape): Generator<ScoredExplanation> {
  for (let index = 0; index < count; index++) {
    const random = Random.of(seed, `unit ${index}`);
    const lists = (make: () => number) =>
      Array.from({ length: EXCERPTS }, () => Array.from({ length: LENGTH }, make));
    const tokens = lists(() => random.integer(vocabulary));
    const real = lists(() => (random.uniform() < 0.12 ? Math.fround(random.uniform() * 5) : 0));
    const quantised = real.map((values) => values.map((value) => Math.min(9, Math.floor(value * 2))));
    const excerpts = tokens.map((_, i) => ({
      start: random.integer(2_000_000),
      length: LENGTH,
      centre: i % LENGTH,
      group: "interval" as const,
      interval: i % 11,
    }));
    const weights = excerpts.map(() => random.uniform());
    for (let author = 0; author < authors; author++) {
      const simulated = lists(() =>
        smooth ? random.uniform() * 9 : random.uniform() < 0.12 ? random.integer(40) / 4 : 0,
      );
      const answers: StoredAnswers = {
        raw: { type: "simulation", scale: 9, excerpts, quantised, real, simulated, weights },
        tokens,
      };
      const score = (kind: StoredScore["kind"]): StoredScore => ({
        kind,
        value: random.uniform(),
        interval: [0.1, 0.9],
        degenerate: false,
        asked: EXCERPTS,
        failed: 0,
        others: { pearson: random.uniform(), spearman_raw: random.uniform(), r_squared: null },
        answeredBy: "rule",
        answers,
      });
      yield {
        index,
        text: `explanation ${seed} of unit ${index} by ${author}`,
        author: `explainer ${author}`,
        chosen: author === seed % authors,
        primary: "bricken-2023",
        details: { pattern: "x".repeat(100), seed },
        scores: [
          score("bricken-2023"),
          score("bricken-2023-weighted"),
          { ...score("logits"), answers: null },
        ],
      };
    }
  }
}
