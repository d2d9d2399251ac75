/** Scores of the features and of each control on common axes, the outline of the features behind every control. */

import type { Interpretation, Split } from "../../../interpretation/result.ts";
import type { ScoreKind } from "../../../interpretation/scores/score.ts";
import { formatCount } from "../../../report/format.ts";
import { linearAxis } from "../charts/axis.ts";
import { seriesColour } from "../charts/colours.ts";
import { across, Frame, up, type Box } from "../charts/frame.tsx";
import { briefPercent } from "../charts/numbers.ts";
import { useWidth } from "../charts/use-width.ts";
import { chanceOf, scoreText } from "../../../report/scores/score-words.ts";
import { hideTip, showTip } from "../shell/tip.tsx";
import { columnsOf, scoresOf, type ComparedColumn } from "../../../report/scores/compared-columns.ts";
import { scoreBins, scoreEdges, type ScoreBins } from "../../../report/scores/score-bins.ts";

const HEIGHT = 168;

export interface HistogramsProps {
  readonly interpretation: Interpretation;
  readonly kind: ScoreKind;
  readonly split: Split;
  readonly explainer: string;
}

export function ScoreHistograms({ interpretation, kind, split, explainer }: HistogramsProps) {
  // What predicts nothing has one and the same score everywhere: the line of chance.
  const drawn = columnsOf(interpretation)
    .filter(({ prediction }) => prediction !== "zero")
    .map((column) => ({
      column,
      values: scoresOf(interpretation, column, { kind, explainer, split }).map(({ value }) => value),
    }))
    .filter(({ values }) => values.length > 0);
  if (drawn.length === 0) return <p class="quiet">No unit of this kind has this score.</p>;
  const edges = scoreEdges(drawn.map(({ values }) => values));
  const bins = drawn.map(({ column, values }) => ({ column, bins: scoreBins(values, edges) }));
  const top = Math.max(0.05, ...bins.flatMap(({ bins: { shares } }) => shares));
  const features = bins.find(({ column }) => column.id === "features")?.bins ?? null;
  return (
    <div class="multiples score-multiples">
      {bins.map(({ column, bins: own }) => (
        <Histogram
          key={column.id}
          column={column}
          bins={own}
          behind={column.id === "features" ? null : features}
          top={top}
          chance={chanceOf(kind)}
        />
      ))}
    </div>
  );
}

interface HistogramProps {
  readonly column: ComparedColumn;
  readonly bins: ScoreBins;
  readonly behind: ScoreBins | null;
  readonly top: number;
  readonly chance: number;
}

function Histogram({ column: { title, colour }, bins, behind, top, chance }: HistogramProps) {
  const [holder, width] = useWidth<HTMLElement>(320);
  const { edges, shares, count, median } = bins;
  const box: Box = { left: 34, right: width - 8, top: 16, bottom: HEIGHT - 34 };
  const x = linearAxis(edges[0]!, edges.at(-1)!, 5);
  const y = linearAxis(0, 1.08 * top, 3);
  const of = seriesColour(colour);
  return (
    <figure ref={holder} class="multiple">
      <figcaption>
        <b>{title}</b>
        <span class="readout">
          median {scoreText(median)} · {formatCount(count)} units
        </span>
      </figcaption>
      <svg
        class="chart"
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={`Scores of ${title.toLowerCase()}: median ${scoreText(median)} of ${formatCount(count)} units`}
      >
        <Frame
          box={box}
          x={x}
          y={y}
          xText={(value) => scoreText(value).replace(/\.?0+$/, "")}
          yText={(value) => `${Math.round(100 * value)}%`}
          xName="score"
        />
        {shares.map((share, bin) => {
          if (share === 0) return null;
          const [from, to] = [edges[bin]!, edges[bin + 1]!];
          const left = across(x, box, from);
          const height = box.bottom - up(y, box, share);
          return (
            <rect
              key={bin}
              x={left + 0.5}
              y={box.bottom - Math.max(1, height)}
              width={Math.max(0.8, across(x, box, to) - left - 1)}
              height={Math.max(1, height)}
              style={{ fill: of }}
              onMouseEnter={(event) =>
                showTip(
                  event.currentTarget,
                  <p>
                    {formatCount(Math.round(share * count))} of {formatCount(count)} units,{" "}
                    {briefPercent(share)}
                    <br />
                    score {scoreText(from)} to {scoreText(to)}
                  </p>,
                )
              }
              onMouseLeave={(event) => hideTip(event.currentTarget)}
            />
          );
        })}
        {behind !== null && <path class="behind" d={outline(behind, x, y, box)} />}
        <line
          class="limit"
          x1={across(x, box, chance)}
          x2={across(x, box, chance)}
          y1={box.top}
          y2={box.bottom}
        />
        {median !== null && (
          <line
            class="mark-line"
            x1={across(x, box, median)}
            x2={across(x, box, median)}
            y1={box.top - 4}
            y2={box.bottom}
          />
        )}
      </svg>
    </figure>
  );
}

function outline(
  { edges, shares }: ScoreBins,
  x: Parameters<typeof across>[0],
  y: Parameters<typeof up>[0],
  box: Box,
): string {
  let path = `M${across(x, box, edges[0]!).toFixed(1)} ${box.bottom}`;
  shares.forEach((share, bin) => {
    path += `V${up(y, box, share).toFixed(1)}H${across(x, box, edges[bin + 1]!).toFixed(1)}`;
  });
  return `${path}V${box.bottom}`;
}
