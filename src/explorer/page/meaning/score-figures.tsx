/** Where scores lie: against density, and against what people said of the same units. */

import { useMemo } from "preact/hooks";
import type { RatingResults, SaeSummary } from "../../api.ts";
import type { Interpretation, Split } from "../../../interpretation/result.ts";
import type { ScoreKind } from "../../../interpretation/scores/score.ts";
import { formatCount } from "../../../report/format.ts";
import { MOST_POINTS } from "../../../interpretation/ratings/rubric.ts";
import { axisOf, linearAxis } from "../charts/axis.ts";
import { briefPercent } from "../charts/numbers.ts";
import { useApi } from "../data/use-api.ts";
import { exported } from "../data/data.ts";
import { powerOfTen } from "../../../report/format.ts";
import { intervalText, scoreText } from "../../../report/scores/score-words.ts";
import { href, there } from "../shell/router.ts";
import { saePath } from "../shell/runs.ts";
import { scoresOf } from "../../../report/scores/compared-columns.ts";
import { rankCorrelation, ratedUnits } from "./rated-units.ts";
import { ScatterLegend, ScoreScatter, type ScatterPoint } from "./score-scatter.tsx";

export interface FiguresProps {
  readonly run: string;
  readonly sae: SaeSummary;
  readonly interpretation: Interpretation;
  readonly kind: ScoreKind;
  readonly split: Split;
  readonly explainer: string;
}

export function ScoreFigures(props: FiguresProps) {
  return (
    <div class="pair wide">
      <DensityFigure {...props} />
      <RatedFigure {...props} />
    </div>
  );
}

const SUBJECTS = [
  { subject: "features", kind: "feature" },
  { subject: "neurons", kind: "neuron" },
] as const;

const tick = (value: number) => scoreText(value).replace(/\.?0+$/, "");

function DensityFigure({ sae, interpretation, kind, split, explainer }: FiguresProps) {
  const scores = useMemo(
    () =>
      SUBJECTS.flatMap(({ subject, kind: unit }) =>
        scoresOf(interpretation, { subject, prediction: "own" }, { kind, explainer, split })
          .filter(({ density }) => density > 0)
          .map((one) => ({ ...one, of: unit })),
      ),
    [interpretation, kind, split, explainer],
  );
  const points = useMemo(
    () =>
      scores.map(({ of, unit, density, value }): ScatterPoint => ({
        kind: of,
        index: unit,
        x: Math.log10(density),
        y: value,
      })),
    [scores],
  );
  if (points.length === 0) return null;
  const found = axisOf(
    points.map(({ x }) => x),
    { ticks: 6 },
  );
  const [low, high] = [Math.floor(found.low), Math.ceil(found.high)];
  const x = {
    ...linearAxis(low, high === low ? low + 1 : high, 6),
    ticks: Array.from({ length: Math.max(1, high - low) + 1 }, (_, at) => low + at),
  };
  const y = linearAxis(Math.min(0, ...points.map((point) => point.y)), 1, 5);
  const of = new Map(scores.map((one) => [`${one.of} ${one.unit}`, one]));
  return (
    <figure>
      <figcaption class="with-choice">
        <h2>Score and density</h2>
        <ScatterLegend points={points} />
      </figcaption>
      <ScoreScatter
        points={points}
        x={x}
        y={y}
        xText={powerOfTen}
        yText={tick}
        xName="density, share of tokens"
        yName="score"
        label={`Score against density of ${formatCount(points.length)} units`}
        analysed={sae.analyses.map((one) => one.kind)}
        describe={(point) => {
          const one = of.get(`${point.kind} ${point.index}`)!;
          return (
            <>
              score {scoreText(one.value)}{" "}
              {one.low !== null && one.high !== null && intervalText([one.low, one.high])} · on{" "}
              {briefPercent(one.density)} of tokens
            </>
          );
        }}
      />
    </figure>
  );
}

function RatedFigure({ run, sae }: FiguresProps) {
  const { data, error } = useApi<RatingResults>(saePath(run, sae.name, "ratings"));
  const units = useMemo(() => (data === undefined ? [] : ratedUnits(data.ratings)), [data]);
  const points = useMemo(
    () => units.map(({ kind, index, score, total }): ScatterPoint => ({ kind, index, x: score, y: total })),
    [units],
  );
  const rho = rankCorrelation(
    units.map(({ score }) => score),
    units.map(({ total }) => total),
  );
  return (
    <figure>
      <figcaption class="with-choice">
        <h2>Rated by people</h2>
        {points.length > 0 && <ScatterLegend points={points} />}
      </figcaption>
      {error !== null ? (
        <p class="quiet">{error}</p>
      ) : data === undefined ? null : points.length === 0 ? (
        <p class="quiet figure-empty">
          {data.ratings.length === 0
            ? "Nobody has rated this dictionary yet. "
            : "None of the rated units has a score. "}
          {!exported && (
            <>
              <a href={href(there({ page: "rate" }))}>Rate features and neurons</a> without knowing which is
              which, to see whether the automated score means what people mean.
            </>
          )}
        </p>
      ) : (
        <>
          <ScoreScatter
            points={points}
            x={linearAxis(Math.min(0, ...points.map(({ x }) => x)), 1, 5)}
            y={{ ...linearAxis(-0.6, MOST_POINTS + 0.6, 5), ticks: [0, 4, 8, 12, 14] }}
            xText={tick}
            yText={String}
            xName="automated score"
            yName="mean points of 14"
            label={`Points against automated score of ${formatCount(points.length)} units`}
            analysed={sae.analyses.map((one) => one.kind)}
            describe={(point) => {
              const unit = units.find(({ kind, index }) => kind === point.kind && index === point.index)!;
              return (
                <>
                  {unit.total.toFixed(1)} points from {formatCount(unit.ratings)}{" "}
                  {unit.ratings === 1 ? "rating" : "ratings"} · score {scoreText(unit.score)}
                </>
              );
            }}
          />
          <p class="note">
            {formatCount(points.length)} {points.length === 1 ? "unit" : "units"}
            {rho !== null && `; rank correlation ${scoreText(rho)}`}.{" "}
            <a href={href(there({ page: "rate", query: { view: "results" } }))}>All ratings</a>
          </p>
        </>
      )}
    </figure>
  );
}
