/**
 * How often features fire: features by log10 of their density, those that never fired apart at the left, since they have no place on
 * a log axis. The dashed line is one firing; nothing rarer can be seen.
 */

import type { EvaluationResult } from "../../../evaluation/result.ts";
import { formatCount, powerOfTen } from "../../../report/format.ts";
import { linearAxis, tickText } from "../charts/axis.ts";
import { hideTip, showTip } from "../shell/tip.tsx";
import { brief, briefPercent } from "../charts/numbers.ts";
import { useWidth } from "../charts/use-width.ts";
import { Frame, type Box } from "../charts/frame.tsx";

const HEIGHT = 196;

export interface DensityHistogramProps {
  readonly evaluation: EvaluationResult;
  readonly colour: string;
}

export function DensityHistogram({ evaluation, colour }: DensityHistogramProps) {
  const [holder, width] = useWidth<HTMLDivElement>(460);
  const { log_density_histogram: histogram, d_sae: count, density_resolution: resolution } = evaluation;
  const { edges, counts, never } = histogram;
  const ultralow = Math.log10(evaluation.ultralow_threshold);
  const tallest = Math.max(0, ...counts);
  // A dictionary of dead features must not flatten the rest: its bar is cut, its number written on it.
  const top = tallest === 0 ? Math.max(1, never) : Math.max(tallest, Math.min(never, 1.25 * tallest));
  const low = (edges[0] ?? -6) - 1;
  const box: Box = { left: 46, right: width - 6, top: 22, bottom: HEIGHT - 36 };
  const plain = linearAxis(low, 0, 6);
  const y = linearAxis(0, top * 1.06, 4);
  const x = {
    ...plain,
    ticks: Array.from({ length: 12 }, (_, power) => -power).filter((power) => power >= low + 0.7),
  };
  const across = (value: number) => box.left + x.at(value) * (box.right - box.left);
  const tall = (value: number) => Math.min(1, y.at(value)) * (box.bottom - box.top);
  const bar = (key: string, from: number, to: number, value: number, fill: string, words: string) =>
    value > 0 && (
      <rect
        key={key}
        x={across(from) + 0.5}
        y={box.bottom - Math.max(1, tall(value))}
        width={Math.max(0.8, across(to) - across(from) - 1)}
        height={Math.max(1, tall(value))}
        style={{ fill }}
        onMouseEnter={(event) =>
          showTip(
            event.currentTarget,
            <p>
              {formatCount(value)} features, {briefPercent(value / count)}
              <br />
              {words}
            </p>,
          )
        }
        onMouseLeave={(event) => hideTip(event.currentTarget)}
      />
    );
  return (
    <div ref={holder}>
      <svg
        class="chart"
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={`Features by density; ${formatCount(never)} never fired`}
      >
        <Frame
          box={box}
          x={x}
          y={y}
          xText={powerOfTen}
          yText={tickText}
          xName="density, share of tokens"
          yName="features"
        />
        {counts.map((value, bin) => {
          const [from, to] = [edges[bin]!, edges[bin + 1]!];
          const isLow = (from + to) / 2 < ultralow - 1e-9;
          return bar(
            String(bin),
            from,
            to,
            value,
            isLow ? "var(--bad)" : colour,
            `active on ${brief(10 ** from, 2)} to ${brief(10 ** to, 2)} of tokens${isLow ? ": ultralow" : ""}`,
          );
        })}
        {bar(
          "never",
          low + 0.25,
          low + 0.55,
          never,
          "var(--faint)",
          "never active on the evaluation's tokens",
        )}
        {never > 0 && (
          <text class="x" x={across(low + 0.4)} y={box.bottom - tall(never) - 4}>
            {formatCount(never)}
          </text>
        )}
        <text class="x" x={across(low + 0.4)} y={box.bottom + 15}>
          never
        </text>
        <line
          class="limit"
          x1={across(Math.log10(resolution))}
          x2={across(Math.log10(resolution))}
          y1={box.top - 4}
          y2={box.bottom}
        />
        <text class="name" x={across(Math.log10(resolution)) + 4} y={box.top + 4}>
          one firing
        </text>
      </svg>
    </div>
  );
}
