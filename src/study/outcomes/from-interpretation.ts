/**
 * Outcomes of RUN/interpretation/SAE/NAME.json: mean held-out scores of the features, and of everything that they have to beat.
 *
 * Of each kind of score the newest interpretation that has it counts. Where there were several explainers the mean is that of the one
 * chosen for each unit, on documents that nothing is scored on; each one's own mean stands beside it.
 */

import type { ColumnSummary, Interpretation, SummaryRow } from "../../interpretation/result.ts";
import { SCORE_KINDS, type ScoreKind } from "../../interpretation/scores/score.ts";
import { explainerScore, explainerShare, type Scored, scoreName } from "./score-catalogue.ts";
import { found, type Found } from "./found.ts";

const CHOSEN = "chosen";

interface Place {
  readonly scored: Scored;
  readonly split: SummaryRow["split"];
  readonly subject: string;
  readonly prediction: string;
}

const PLACES: readonly Place[] = [
  { scored: "features", split: "all", subject: "features", prediction: "own" },
  { scored: "single-token", split: "single-token", subject: "features", prediction: "own" },
  { scored: "other", split: "other", subject: "features", prediction: "own" },
  { scored: "neurons", split: "all", subject: "neurons", prediction: "own" },
  { scored: "shuffled-weights", split: "all", subject: "shuffled-weights", prediction: "own" },
  { scored: "random-directions", split: "all", subject: "random-directions", prediction: "own" },
  { scored: "another-explanation", split: "all", subject: "features", prediction: "other" },
  { scored: "middle", split: "all", subject: "features", prediction: "place" },
];

/** @param interpretations of one dictionary, the newest first */
export function interpretationOutcomes(interpretations: readonly Interpretation[]): Found[] {
  return [
    ...SCORE_KINDS.flatMap((kind) => {
      const newest = interpretations.find(({ summary }) => summary.some((row) => row.kind === kind));
      return newest === undefined ? [] : scoresOf(newest, kind);
    }),
    ...(interpretations[0] === undefined ? [] : chosenShares(interpretations[0])),
  ];
}

function scoresOf({ summary, explainers }: Interpretation, kind: ScoreKind): Found[] {
  const rows = summary.filter((row) => row.kind === kind);
  const standing = rows.some(({ explainer }) => explainer === CHOSEN) ? CHOSEN : explainers[0];
  return [
    ...PLACES.flatMap((place) => {
      const row = rows.find(({ explainer, split }) => explainer === standing && split === place.split);
      return found(scoreName(kind, place.scored), ...meanOf(row, place));
    }),
    ...(standing === CHOSEN ? explainers : []).flatMap((explainer) => {
      const row = rows.find((one) => one.explainer === explainer && one.split === "all");
      return found(explainerScore(kind, explainer), ...meanOf(row, PLACES[0]!));
    }),
  ];
}

function meanOf(
  row: SummaryRow | undefined,
  { subject, prediction }: Place,
): [number | null, ColumnSummary["interval"], "features"] {
  const cell = row?.cells.find((one) => one.subject === subject && one.prediction === prediction);
  return [cell?.mean ?? null, cell?.interval ?? null, "features"];
}

function chosenShares({ subjects, explainers }: Interpretation): Found[] {
  const chosen = subjects
    .find(({ subject }) => subject === "features")
    ?.chosen.filter((name) => name !== null);
  if (chosen === undefined || chosen.length === 0 || explainers.length < 2) return [];
  return explainers.flatMap((explainer) =>
    found(explainerShare(explainer), chosen.filter((name) => name === explainer).length / chosen.length),
  );
}
