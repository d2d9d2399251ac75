/** Densities of several dictionaries over each other: the share of each one's features by log10 density, as lines of steps. */

import type { EvaluationResult } from "../../../evaluation/result.ts";
import { powerOfTen } from "../../../report/format.ts";
import { linearAxis } from "../charts/axis.ts";
import { densityShares } from "./frontier.ts";
import { useWidth } from "../charts/use-width.ts";
import { across, Frame, up, type Box } from "../charts/frame.tsx";

export interface DensityOverlayProps {
  readonly shown: readonly {
    readonly id: string;
    readonly colour: string;
    readonly evaluation: EvaluationResult;
  }[];
  readonly strong: string | null;
}

const HEIGHT = 330;

export function DensityOverlay({ shown, strong }: DensityOverlayProps) {
  const [holder, width] = useWidth<HTMLDivElement>(560);
  const lines = shown.map((one) => ({ ...one, ...densityShares(one.evaluation) }));
  const low = Math.min(-4, ...lines.map(({ edges }) => edges[0] ?? 0));
  const top = Math.max(0.01, ...lines.flatMap(({ shares }) => shares));
  const box: Box = { left: 44, right: width - 8, top: 22, bottom: HEIGHT - 38 };
  const x = {
    ...linearAxis(low, 0, 6),
    ticks: Array.from({ length: 12 }, (_, power) => -power).filter((power) => power >= low),
  };
  const y = linearAxis(0, 1.06 * top, 4);
  return (
    <div ref={holder}>
      <svg class="chart" width={width} height={HEIGHT} role="img" aria-label="Densities of the dictionaries">
        <Frame
          box={box}
          x={x}
          y={y}
          xText={powerOfTen}
          yText={(value) => `${Number((100 * value).toPrecision(3))}%`}
          xName="density, share of tokens; never-firing features are not drawn"
          yName="share of features"
        />
        {lines.map(({ id, colour, edges, shares }) => {
          const path = steps(
            edges,
            shares,
            (v) => across(x, box, v),
            (v) => up(y, box, v),
          );
          const emphasis = strong === null ? "" : strong === id ? "strong" : "weak";
          return (
            <g key={id} class={`overlay ${emphasis}`} style={{ "--of": colour }}>
              <path class="area" d={path} />
              <path class={`line ${emphasis}`} style={{ stroke: colour }} d={path} />
            </g>
          );
        })}
      </svg>
    </div>
  );
}

function steps(
  edges: readonly number[],
  shares: readonly number[],
  xOf: (value: number) => number,
  yOf: (value: number) => number,
): string {
  if (shares.length === 0) return "";
  let path = `M${xOf(edges[0]!).toFixed(1)} ${yOf(0).toFixed(1)}`;
  shares.forEach((share, bin) => {
    path += `V${yOf(share).toFixed(1)}H${xOf(edges[bin + 1]!).toFixed(1)}`;
  });
  return `${path}V${yOf(0).toFixed(1)}`;
}
