/** An interpretation with invented but plausible numbers: features above neurons, controls near chance, a few units unscored. */

import type {
  ColumnSummary,
  Interpretation,
  ScoreColumn,
  Split,
  SubjectName,
  SubjectScores,
  SummaryRow,
} from "../../src/interpretation/result.ts";
import { CHANCE, type ScoreKind } from "../../src/interpretation/scores/score.ts";
import { Random } from "../../src/random.ts";

export interface Fabricated {
  readonly sae?: string;
  readonly features?: number;
  readonly controls?: number;
  readonly model?: string | null;
  readonly over?: Partial<Interpretation>;
}

const OFFLINE = ["token-lookup", "previous-token", "rule"];
const LEVEL: Readonly<Record<SubjectName, number>> = {
  features: 0.55,
  neurons: 0.22,
  "shuffled-weights": 0.38,
  "random-directions": 0.06,
};

export function fabricateInterpretation({
  sae = "x8",
  features = 400,
  controls = 128,
  model = null,
  over = {},
}: Fabricated = {}): Interpretation {
  const explainers = model === null ? OFFLINE : [model, ...OFFLINE];
  const kinds: readonly ScoreKind[] = ["bricken-2023", "bricken-2023-weighted", "logits", "detection"];
  const subjects = (Object.keys(LEVEL) as SubjectName[]).map((subject) =>
    subjectScores(subject, subject === "features" ? features : controls, explainers, kinds),
  );
  return {
    format: 1,
    version: "0.1.0",
    sae,
    weights: "5f0c3a91d2",
    hook: "blocks.0.mlp.hook_post",
    name: model === null ? "offline" : "claude",
    started: "2026-03-02T09:00:00.000Z",
    finished: "2026-03-02T09:21:40.000Z",
    stopped: null,
    seconds: 1300,
    protocols: ["bricken-2023", "detection"],
    primary: "bricken-2023",
    endpoint:
      model === null
        ? null
        : {
            model,
            address: "https://api.example.org/v1",
            support: {
              promptLogprobs: null,
              topLogprobs: 20,
              schema: "json_schema",
              temperature: true,
              maxTokensName: "max_tokens",
            },
            mode: "expected-values",
            parameters: { temperature: 0, concurrency: 8 },
            prompts: {
              "explain.md": "9c1185a5c5e9fc54612808977ee8f548b2258d31",
              "simulate-all-at-once-9.v1.md": "ab56b4d92b4071",
            },
            spent: {
              requests: 1840,
              retries: 12,
              cached: 420,
              inputTokens: 4_210_000,
              outputTokens: 388_000,
              money: 7.42,
            },
            tally: { repairs: 2, values: 54_000, expected: 54_000, doubtful: 310 },
          },
    explainers,
    text: { tokens: 2_000_000, documents: { explain: 812, choose: 401, score: 790 } },
    sampling: { rule: "stratified", seed: 1, asked: features },
    subjects,
    asked: 24_000,
    failed: model === null ? 0 : 213,
    summary: summaryOf(subjects),
    conclusion:
      "Features are more interpretable than neurons and than every control: mean score 0.55 [0.53, 0.57] against 0.22 [0.19, 0.25] for neurons and at most 0.38 [0.34, 0.42] for the controls (shuffled weights).",
    notes: [
      "The dictionary of the shuffled-weights control was trained on 1 million tokens, the run's own on 5 million.",
    ],
    ...over,
  };
}

function subjectScores(
  subject: SubjectName,
  count: number,
  explainers: readonly string[],
  kinds: readonly ScoreKind[],
): SubjectScores {
  const random = Random.of(5, subject);
  const units = Array.from({ length: count }, (_, at) => (subject === "features" ? at * 3 + 1 : at * 2));
  const single = units.map(() => (random.uniform() < 0.1 ? null : random.uniform() < 0.4));
  const density = units.map(() => 10 ** (-3.2 + 0.7 * random.normal()));
  const predictions: readonly ScoreColumn["prediction"][] =
    subject === "features" ? ["own", "other"] : ["own"];
  const columns = kinds.flatMap((kind) =>
    ["chosen", ...explainers].flatMap((explainer, place) =>
      [...predictions, ...(placeIsKnown(subject, kind, explainer) ? (["place"] as const) : [])].map(
        (prediction): ScoreColumn => {
          const chance = CHANCE[kind];
          const level = prediction === "own" ? LEVEL[subject] * (1 - 0.14 * place) : 0.02;
          const values = units.map((_, at) => {
            if (random.uniform() < 0.04) return null;
            const bonus = single[at] === true ? 0.15 : 0;
            const raw = level + (prediction === "own" ? bonus : 0) + 0.17 * random.normal();
            const bounded = Math.max(chance === 0 ? -0.3 : 0, Math.min(0.99, raw));
            return chance === 0 ? bounded : chance + (1 - chance) * Math.max(-0.2, bounded);
          });
          const shift = (by: number) =>
            explainer === "chosen" ? values.map((value) => (value === null ? null : value + by)) : [];
          return { kind, explainer, prediction, values, low: shift(-0.07), high: shift(0.06) };
        },
      ),
    ),
  );
  return {
    subject,
    count: subject === "features" ? 4096 : 512,
    alive: subject === "features" ? 3636 : 512,
    tooRare: subject === "features" ? 31 : 0,
    tokens: 2_000_000,
    units,
    density,
    singleToken: single,
    chosen: units.map((_, at) => explainers[at % explainers.length]!),
    scores: columns,
  };
}

function placeIsKnown(subject: SubjectName, kind: ScoreKind, explainer: string): boolean {
  return subject === "features" && kind.startsWith("bricken-2023") && explainer === "chosen";
}

function summaryOf(subjects: readonly SubjectScores[]): SummaryRow[] {
  const rows = new Map<string, { kind: ScoreKind; explainer: string }>();
  for (const { scores } of subjects)
    for (const { kind, explainer } of scores) rows.set(`${kind} ${explainer}`, { kind, explainer });
  return [...rows.values()].flatMap(({ kind, explainer }) =>
    (["all", "single-token", "other"] as const).map((split) => ({
      kind,
      explainer,
      split,
      cells: subjects.flatMap((subject) =>
        subject.scores
          .filter((column) => column.kind === kind && column.explainer === explainer)
          .flatMap((column) => {
            const values = valuesOf(column, subject, split);
            const { subject: name } = subject;
            const nothing = values.map(() => CHANCE[kind]);
            return [
              { subject: name, prediction: column.prediction, ...summarised(values) },
              ...(column.prediction === "own"
                ? [{ subject: name, prediction: "zero" as const, ...summarised(nothing) }]
                : []),
            ];
          }),
      ),
    })),
  );
}

function valuesOf({ values }: ScoreColumn, { singleToken }: SubjectScores, split: Split): number[] {
  return values.filter((value, at): value is number => {
    if (value === null) return false;
    return split === "all" || singleToken[at] === (split === "single-token");
  });
}

function summarised(values: readonly number[]): ColumnSummary {
  if (values.length === 0) return { units: 0, mean: null, interval: null, median: null };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  const half = (1.96 * spread) / Math.sqrt(values.length);
  const sorted = [...values].sort((a, b) => a - b);
  return {
    units: values.length,
    mean,
    interval: [mean - half, mean + half],
    median: sorted[Math.floor(sorted.length / 2)]!,
  };
}
