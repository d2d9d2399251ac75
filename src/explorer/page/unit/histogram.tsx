/**
 * How often a unit is how active: bars over f, the display's intervals shaded behind them. Zeros are not among them. Heights are counts
 * or their logarithms. A click on an interval goes to its examples.
 */

import { useState } from "preact/hooks";
import { INTERVALS, type Histogram as Counts } from "../../../features/records.ts";
import { formatCount, powerOfTen } from "../../../report/format.ts";
import { shareBetween } from "./example-groups.ts";
import { powers, ticks } from "../charts/scale.ts";
import { hideTip, showTip } from "../shell/tip.tsx";
import { brief } from "../charts/numbers.ts";

export interface HistogramProps {
  readonly histogram: Counts;
  readonly max: number;
  readonly logarithmic: boolean;
  readonly onInterval: (interval: number) => void;
}

const WIDTH = 400;
const HEIGHT = 172;
const LEFT = 40;
const RIGHT = 6;
const TOP = 8;
const BOTTOM = 34;

export function ActivationHistogram({ histogram, max, logarithmic, onInterval }: HistogramProps) {
  const [pointed, point] = useState<number | null>(null);
  const { counts, start, width } = histogram;
  const highest = Math.max(1, ...counts);
  const across = (value: number) => LEFT + (value / max) * (WIDTH - LEFT - RIGHT);
  const up = (count: number) => {
    const share = logarithmic ? Math.log10(1 + count) / Math.log10(1 + highest) : count / highest;
    return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP);
  };
  const base = HEIGHT - BOTTOM;
  const marks = logarithmic ? powers(highest, 4) : ticks(highest, 3);
  const intervals = Array.from({ length: INTERVALS }, (_, interval) => interval);
  return (
    <svg
      class="histogram"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Histogram of activations up to ${brief(max)}`}
    >
      {intervals.map((interval) => (
        <rect
          key={interval}
          class={`band ${interval % 2 === 0 ? "even" : "odd"} ${pointed === interval ? "pointed" : ""}`}
          x={across((max * interval) / INTERVALS)}
          y={TOP}
          width={(WIDTH - LEFT - RIGHT) / INTERVALS}
          height={base - TOP}
        />
      ))}
      {marks.map((mark) => (
        <g key={mark}>
          <line class="grid" x1={LEFT} x2={WIDTH - RIGHT} y1={up(mark)} y2={up(mark)} />
          <text class="tick y" x={LEFT - 6} y={up(mark) + 3.5}>
            {short(mark)}
          </text>
        </g>
      ))}
      {counts.map((count, bin) => {
        if (count === 0) return null;
        const from = across(start + bin * width);
        const to = across(Math.min(max, start + (bin + 1) * width));
        const top = Math.min(up(count), base - 1);
        return (
          <rect
            key={bin}
            class="count"
            x={from + 0.4}
            y={top}
            width={Math.max(0.6, to - from - 0.8)}
            height={base - top}
          />
        );
      })}
      <line class="axis" x1={LEFT} x2={WIDTH - RIGHT} y1={base} y2={base} />
      {ticks(max, 5).map((tick) => (
        <text key={tick} class="tick x" x={across(tick)} y={base + 14}>
          {tick}
        </text>
      ))}
      <text class="name" x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - 4}>
        activation, where it is not 0 · {logarithmic ? "tokens, log scale" : "tokens"}
      </text>
      {intervals.map((interval) => {
        const range = [(max * interval) / INTERVALS, (max * (interval + 1)) / INTERVALS] as const;
        const share = shareBetween(histogram, ...range);
        const total = counts.reduce((sum, count) => sum + count, 0);
        return (
          <rect
            key={interval}
            class="hit"
            x={across(range[0])}
            y={TOP}
            width={(WIDTH - LEFT - RIGHT) / INTERVALS}
            height={base - TOP}
            onClick={() => onInterval(interval)}
            onMouseEnter={(event) => {
              point(interval);
              showTip(
                event.currentTarget,
                <p>
                  Interval {interval + 1}: {brief(range[0])} – {brief(range[1])}
                  <br />
                  about {formatCount(Math.round(share * total))} tokens
                </p>,
              );
            }}
            onMouseLeave={(event) => {
              point(null);
              hideTip(event.currentTarget);
            }}
          />
        );
      })}
    </svg>
  );
}

/** 1, 250, 2k, 1.5M; powers of ten as such. */
export function short(count: number): string {
  if (count >= 1e4 && Number.isInteger(Math.log10(count))) return powerOfTen(Math.log10(count));
  if (count >= 1e6) return `${Number((count / 1e6).toPrecision(3))}M`;
  return count >= 1e3 ? `${Number((count / 1e3).toPrecision(3))}k` : String(count);
}
