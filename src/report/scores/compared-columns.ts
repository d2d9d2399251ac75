/** What an interpretation compares: explanations of features, and everything that says whether their scores mean something. */

import type {
  ColumnSummary,
  Interpretation,
  PredictionName,
  ScoreColumn,
  Split,
  SubjectName,
  SubjectScores,
  SummaryRow,
} from "../../interpretation/result.ts";
import { SCORE_KINDS, type ScoreKind } from "../../interpretation/scores/score.ts";

export interface ComparedColumn {
  readonly id: string;
  readonly subject: SubjectName;
  readonly prediction: PredictionName;
  readonly title: string;
  readonly definition: string;
  /** Which of the chart's colours it has. */
  readonly colour: number;
}

export const COLUMNS: readonly ComparedColumn[] = [
  {
    id: "features",
    subject: "features",
    prediction: "own",
    title: "Features",
    definition: "Features of the dictionary, each predicted from its own explanation.",
    colour: 0,
  },
  {
    id: "neurons",
    subject: "neurons",
    prediction: "own",
    title: "Neurons",
    definition:
      "Neurons of the same layer, each predicted from its own explanation. What the dictionary has to beat.",
    colour: 1,
  },
  {
    id: "shuffled",
    subject: "shuffled-weights",
    prediction: "own",
    title: "Shuffled weights",
    definition:
      "Features of a dictionary that was trained alike on the same model with its weights shuffled: what can be explained without the model having learnt anything.",
    colour: 2,
  },
  {
    id: "random",
    subject: "random-directions",
    prediction: "own",
    title: "Random directions",
    definition:
      "Random directions of the same layer, cut off so that they are active as rarely as the features: what any direction scores.",
    colour: 3,
  },
  {
    id: "other",
    subject: "features",
    prediction: "other",
    title: "Another’s explanation",
    definition:
      "The same features, predicted from the explanation of another feature: what a score is without knowing anything.",
    colour: 4,
  },
  {
    id: "place",
    subject: "features",
    prediction: "place",
    title: "Only the middle",
    definition:
      "The same features, predicted to be active at the middle token of every excerpt, whatever it is: what the choice of excerpts gives away.",
    colour: 5,
  },
  {
    id: "zero",
    subject: "features",
    prediction: "zero",
    title: "Always zero",
    definition: "The same features, predicted to be silent everywhere.",
    colour: 5,
  },
];

/** What no control of it was computed for has no column. */
export function columnsOf(interpretation: Pick<Interpretation, "summary">): readonly ComparedColumn[] {
  return COLUMNS.filter(({ subject, prediction }) =>
    interpretation.summary.some(({ cells }) =>
      cells.some((cell) => cell.subject === subject && cell.prediction === prediction && cell.units > 0),
    ),
  );
}

/** Kinds that something has, in their usual order. */
export function kindsOf({ summary }: Pick<Interpretation, "summary">): readonly ScoreKind[] {
  return SCORE_KINDS.filter((kind) => summary.some((row) => row.kind === kind));
}

/** Rows of one kind and split: the chosen explainer first, the others in the order that they were asked for. */
export function rowsOf(
  { summary, explainers }: Pick<Interpretation, "summary" | "explainers">,
  kind: ScoreKind,
  split: Split,
): readonly SummaryRow[] {
  const order = ["chosen", ...explainers];
  const place = ({ explainer }: SummaryRow) => {
    const at = order.indexOf(explainer);
    return at === -1 ? order.length : at;
  };
  return summary
    .filter((row) => row.kind === kind && row.split === split)
    .sort((a, b) => place(a) - place(b));
}

export function cellOf(row: SummaryRow, { subject, prediction }: ComparedColumn): ColumnSummary | undefined {
  return row.cells.find((cell) => cell.subject === subject && cell.prediction === prediction);
}

export interface UnitScore {
  readonly unit: number;
  readonly density: number;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** Every unit that has a score, of those in the split. */
export function scoresOf(
  { subjects }: Pick<Interpretation, "subjects">,
  { subject, prediction }: Pick<ComparedColumn, "subject" | "prediction">,
  wanted: { readonly kind: ScoreKind; readonly explainer: string; readonly split: Split },
): readonly UnitScore[] {
  const of = subjects.find((one) => one.subject === subject);
  const column = of?.scores.find(
    (one) => one.kind === wanted.kind && one.explainer === wanted.explainer && one.prediction === prediction,
  );
  return of === undefined || column === undefined ? [] : unitScores(of, column, wanted.split);
}

function unitScores(of: SubjectScores, column: ScoreColumn, split: Split): readonly UnitScore[] {
  return of.units.flatMap((unit, at) => {
    const value = column.values[at] ?? null;
    if (value === null) return [];
    if (split !== "all" && of.singleToken[at] !== (split === "single-token")) return [];
    return [
      {
        unit,
        value,
        density: of.density[at] ?? 0,
        low: column.low[at] ?? null,
        high: column.high[at] ?? null,
      },
    ];
  });
}
