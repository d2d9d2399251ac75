/** What the server would answer about explanations and ratings, invented: for pages that are looked at without a run that has them. */

import type {
  Explanation,
  ExplanationPage,
  RatedContext,
  RatingItem,
  RatingResults,
  ShownTask,
} from "../../src/explorer/api.ts";
import { Random } from "../../src/random.ts";

const WORDS = " the function of value returns; const list = names\n error (string) => number text item".split(
  /(?= )|(?=[;(\n])/,
);

function passage(random: Random, length: number): string[] {
  return Array.from({ length }, () => WORDS[Math.floor(random.uniform() * WORDS.length)]!);
}

export const EXPLANATIONS: readonly Explanation[] = [
  {
    id: 7,
    text: "fires on “function” and, more weakly, on the word before a parameter list",
    author: "gpt-sample",
    created: "2026-03-02T09:20:00.000Z",
    score: 0.62,
    scoreKind: "bricken-2023",
    interval: [0.55, 0.68],
    chosen: true,
  },
  {
    id: 8,
    text: "fires on the token “ function”, 94 % of active tokens",
    author: "token-lookup",
    created: "2026-03-02T09:20:00.000Z",
    score: 0.41,
    scoreKind: "bricken-2023",
    interval: [0.33, 0.5],
    chosen: false,
  },
  {
    id: 9,
    text: "a declaration <b>begins</b>",
    author: "person",
    created: "2026-03-03T09:20:00.000Z",
    score: null,
  },
];

export function fabricateExplanationPage(explanation: Explanation = EXPLANATIONS[0]!): ExplanationPage {
  const random = Random.of(11, "explanation");
  const groups = [
    ...Array.from({ length: 6 }, () => ["top", 11] as const),
    ...Array.from({ length: 12 }, (_, at) => ["interval", 11 - at] as const),
    ...Array.from({ length: 5 }, () => ["random", null] as const),
    ...Array.from({ length: 5 }, () => ["elsewhere", null] as const),
  ];
  const simulation: ShownTask = {
    type: "simulation",
    scale: 9,
    excerpts: groups.map(([group, interval], at) => {
      const tokens = passage(random, 9);
      const height = group === "random" ? 0 : group === "elsewhere" ? 2 : (interval ?? 0) * 0.8;
      const real = tokens.map((_, t) => (t === 4 ? Math.round(height) : random.uniform() < 0.1 ? 2 : 0));
      const simulated = real.map((value) => Math.max(0, Math.min(9, value + 2 * random.normal())));
      return { group, interval, tokens, real, simulated: at === 9 ? null : simulated };
    }),
  };
  const judged = (type: "detection" | "fuzzing"): ShownTask => ({
    type,
    items: Array.from({ length: 12 }, (_, at) => {
      const label = at % 2 === 0;
      const probability = Math.max(0.01, Math.min(0.99, (label ? 0.72 : 0.3) + 0.28 * random.normal()));
      const failed = at === 5;
      return {
        tokens: passage(random, 24),
        marked: type === "fuzzing" ? [3, 11] : [],
        label,
        yes: failed ? null : probability > 0.5,
        probability: failed ? null : probability,
      };
    }),
  });
  const logits: ShownTask = {
    type: "logits",
    items: Array.from({ length: 40 }, (_, at) => ({
      tokens: [WORDS[at % WORDS.length]!],
      marked: [],
      label: at % 2 === 0,
      yes: at === 7 ? null : random.uniform() < (at % 2 === 0 ? 0.8 : 0.25),
      probability: null,
    })),
  };
  const intruder: ShownTask = {
    type: "intruder",
    trials: Array.from({ length: 3 }, (_, at) => ({
      excerpts: Array.from({ length: 5 }, () => passage(random, 12)),
      intruder: at,
      answer: at === 2 ? 0 : at,
    })),
  };
  const score = (kind: ExplanationPage["scores"][number]["kind"], value: number | null) => ({
    kind,
    value,
    interval: value === null ? null : ([value - 0.07, value + 0.06] as const),
    degenerate: false,
    asked: 60,
    failed: 1,
    others: { pearson: 0.58, r_squared: -0.2, absolute_deviation_explained: null },
    answeredBy: explanation.author === "gpt-sample" ? "gpt-sample · expected-values" : "rule",
  });
  return {
    explanation,
    details: { prompts: { "explain.md": "9c1185a5" }, examples: 49 },
    scores: [
      score("bricken-2023", explanation.score),
      score("bricken-2023-weighted", 0.11),
      score("logits", 0.74),
      score("detection", 0.81),
      score("fuzzing", null),
    ],
    tasks: [simulation, judged("detection"), judged("fuzzing"), logits, intruder],
  };
}

function contexts(random: Random, interval: number, count: number): RatedContext[] {
  return Array.from({ length: count }, () => {
    const tokens = passage(random, 33);
    const position = 16;
    const activations = tokens.map((_, at) =>
      at === position ? (interval + 0.5) / 11 : random.uniform() < 0.06 ? (0.5 * interval) / 11 : 0,
    );
    return { tokens, activations, position };
  });
}

export function fabricateRatingItem(done: number, total = 12, interpretation = ""): RatingItem {
  const random = Random.of(3, `item ${done}`);
  const interval = (7 * done + 8) % 11;
  const isLast = done >= total;
  return {
    item: isLast ? null : `item-${done}`,
    done,
    total,
    contexts: isLast ? [] : contexts(random, interval, 6),
    overview: isLast
      ? []
      : [10, 8, 6, 4, 2, 0].map((level) => ({ interval: level, contexts: contexts(random, level, 3) })),
    interval,
    intervals: 11,
    logits: [" of", "(", " name", " return", " value", "\n", " => "].map((token, at) => ({
      token,
      value: Number((1 - 0.11 * at).toFixed(3)),
    })),
    interpretation,
  };
}

export function fabricateRatings(count = 60): RatingResults {
  const random = Random.of(4, "ratings");
  const clamp = (value: number, most: number) => Math.max(0, Math.min(most, Math.round(value)));
  const ratings = Array.from({ length: count }, (_, at): RatingResults["ratings"][number] => {
    const kind = at % 2 === 0 ? "feature" : "neuron";
    const ease =
      kind === "feature" ? 0.85 + 0.15 * random.normal() : Math.max(0, 0.1 + 0.25 * random.normal());
    const logits = clamp(3 * ease, 3);
    const points = {
      confidence: clamp(3 * ease, 3),
      activations: clamp(5 * ease, 5),
      logits,
      separation: logits === 3 ? null : clamp(ease, 1),
      specificity: clamp(3 * ease, 3),
    };
    const { separation, ...others } = points;
    return {
      ...points,
      rater: at % 3 === 0 ? "ada" : "=grace",
      kind,
      index: (at % 20) * 3,
      interval: at % 11,
      total: Object.values(others).reduce((sum, value) => sum + value, 0) + (separation ?? 0),
      interpretation: at === 0 ? 'says "function", mostly' : "",
      created: "2026-03-04T10:00:00.000Z",
      score: at % 7 === 0 ? null : Math.max(0, Math.min(1, 0.6 * ease + 0.1 * random.normal())),
    };
  });
  return {
    ratings,
    raters: count === 0 ? [] : ["ada", "=grace"],
    medians: count === 0 ? { feature: null, neuron: null } : { feature: 12, neuron: 1 },
    agreement: {
      total: count === 0 ? null : 0.82,
      confidence: count === 0 ? null : 0.71,
      activations: count === 0 ? null : 0.8,
      logits: count === 0 ? null : 0.66,
      separation: null,
      specificity: count === 0 ? null : 0.41,
      items: count === 0 ? 0 : 18,
    },
  };
}
