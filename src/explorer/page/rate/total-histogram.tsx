/** Points that intervals of one kind of unit were given, beside the paper's median. */

import { MOST_POINTS } from "../../../interpretation/ratings/rubric.ts";
import { formatCount } from "../../../report/format.ts";
import { linearAxis } from "../charts/axis.ts";
import { across, Frame, up, type Box } from "../charts/frame.tsx";
import { briefPercent } from "../charts/numbers.ts";
import { useWidth } from "../charts/use-width.ts";
import { hideTip, showTip } from "../shell/tip.tsx";

export interface TotalHistogramProps {
  readonly title: string;
  readonly totals: readonly number[];
  readonly median: number | null;
  /** Of Bricken et al. 2023. */
  readonly published: number;
  /** Share at the top of both charts' axes. */
  readonly top: number;
  readonly colour: string;
}

const HEIGHT = 210;

/** Share of the ratings with each number of points, 0 to 14. */
export function totalShares(totals: readonly number[]): readonly number[] {
  const counts = Array.from({ length: MOST_POINTS + 1 }, () => 0);
  for (const total of totals) counts[Math.max(0, Math.min(MOST_POINTS, total))]!++;
  return counts.map((count) => (totals.length === 0 ? 0 : count / totals.length));
}

export function TotalHistogram({ title, totals, median, published, top, colour }: TotalHistogramProps) {
  const [holder, width] = useWidth<HTMLElement>(420);
  const box: Box = { left: 36, right: width - 6, top: 30, bottom: HEIGHT - 36 };
  const x = { ...linearAxis(-0.5, MOST_POINTS + 0.5, 8), ticks: [0, 2, 4, 6, 8, 10, 12, 14] };
  const y = linearAxis(0, 1.06 * top, 4);
  const shares = totalShares(totals);
  return (
    <figure ref={holder}>
      <figcaption>
        <b>{title}</b>
        <small>
          median {median ?? "–"} of {formatCount(totals.length)} {totals.length === 1 ? "rating" : "ratings"};
          paper {published}
        </small>
      </figcaption>
      <svg
        class="chart"
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={`Points of ${title.toLowerCase()}: median ${median ?? "unknown"}, paper's median ${published}`}
      >
        <Frame
          box={box}
          x={x}
          y={y}
          xText={String}
          yText={(value) => `${Math.round(100 * value)}%`}
          xName="points of 14; heights are shares of the ratings"
        />
        {shares.map((share, points) => {
          if (share === 0) return null;
          const left = across(x, box, points - 0.5);
          const height = box.bottom - up(y, box, share);
          return (
            <rect
              key={points}
              x={left + 1}
              y={box.bottom - height}
              width={Math.max(1, across(x, box, points + 0.5) - left - 2)}
              height={height}
              style={{ fill: colour }}
              onMouseEnter={(event) =>
                showTip(
                  event.currentTarget,
                  <p>
                    {points} points: {formatCount(Math.round(share * totals.length))} ratings,{" "}
                    {briefPercent(share)}
                  </p>,
                )
              }
              onMouseLeave={(event) => hideTip(event.currentTarget)}
            />
          );
        })}
        <Marked at={across(x, box, published)} box={box} words={`paper ${published}`} dashed />
        {median !== null && <Marked at={across(x, box, median)} box={box} words="" dashed={false} />}
      </svg>
    </figure>
  );
}

function Marked({ at, box, words, dashed }: { at: number; box: Box; words: string; dashed: boolean }) {
  const isRight = at > (box.left + box.right) / 2;
  return (
    <>
      <line class={dashed ? "limit" : "mark-line"} x1={at} x2={at} y1={box.top - 6} y2={box.bottom} />
      {words !== "" && (
        <text
          class="name"
          x={at + (isRight ? -4 : 4)}
          y={box.top - 12}
          text-anchor={isRight ? "end" : "start"}
        >
          {words}
        </text>
      )}
    </>
  );
}
