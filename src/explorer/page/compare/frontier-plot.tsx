/** Sparsity against faithfulness: every dictionary a point, with the interval of its value; the line joins those that none beats. */

import { formatCount, formatNumber, formatPercent } from "../../../report/format.ts";
import { type Axis, axisOf, linearAxis, tickTexts } from "../charts/axis.ts";
import { frontierOf, placeLabels } from "./frontier.ts";
import { go, there } from "../shell/router.ts";
import { hideTip, showTip } from "../shell/tip.tsx";
import { useWidth } from "../charts/use-width.ts";
import { across, Frame, up, type Box } from "../charts/frame.tsx";

export interface FrontierDot {
  readonly id: string;
  readonly run: string;
  readonly name: string;
  readonly words: string;
  readonly colour: string;
  readonly x: number;
  readonly y: number;
  readonly interval: readonly [number, number] | null;
  readonly features: number | null;
}

export interface FrontierPlotProps {
  readonly dots: readonly FrontierDot[];
  readonly title: string;
  readonly percent: boolean;
  readonly higher: boolean;
  readonly strong: string | null;
  readonly onPoint: (id: string | null) => void;
}

const HEIGHT = 330;
/** Of a letter, about. */
const LETTER = 6.2;
const LONGEST_NAME = 28;

export function FrontierPlot({ dots, title, percent, higher, strong, onPoint }: FrontierPlotProps) {
  const [holder, width] = useWidth<HTMLDivElement>(560);
  const box: Box = { left: 52, right: width - 14, top: 22, bottom: HEIGHT - 38 };
  const x = padded(
    axisOf(
      dots.map((dot) => dot.x),
      { logarithmic: true },
    ),
    6,
  );
  const values = dots.flatMap((dot) => [dot.y, ...(dot.interval ?? [])]);
  const y = padded(axisOf(values), 5);
  const best = frontierOf(dots, higher);
  const text = percent ? formatPercent : formatNumber;
  const path = best
    .map(
      (dot, at) =>
        `${at === 0 ? "M" : "L"}${across(x, box, dot.x).toFixed(1)} ${up(y, box, dot.y).toFixed(1)}`,
    )
    .join("");
  const names = dots.map(({ words }) =>
    words.length > LONGEST_NAME ? `${words.slice(0, LONGEST_NAME - 1)}…` : words,
  );
  const labels = placeLabels(
    dots.map((dot) => ({ x: across(x, box, dot.x), y: up(y, box, dot.y) })),
    names.map((name) => name.length * LETTER),
    [box.left, width],
  );
  return (
    <div ref={holder}>
      <svg class="chart" width={width} height={HEIGHT} role="group" aria-label={`${title} against L0`}>
        <Frame
          box={box}
          x={x}
          y={y}
          xText={tickTexts(x.ticks)}
          yText={tickTexts(y.ticks, percent)}
          xName={`L0, active features a token${x.logarithmic ? ", log scale" : ""}`}
          yName={title}
        />
        {best.length > 1 && <path class="frontier" d={path} />}
        {dots.map((dot, at) => {
          const label = labels[at];
          const [left, top] = [across(x, box, dot.x), up(y, box, dot.y)];
          const show = (event: Event) => {
            onPoint(dot.id);
            showTip(
              event.currentTarget as Element,
              <>
                <p>
                  <b>{dot.words}</b>
                </p>
                <dl>
                  <dt>{title}</dt>
                  <dd>{text(dot.y)}</dd>
                  <dt>L0</dt>
                  <dd>{formatNumber(dot.x)}</dd>
                  <dt>Features</dt>
                  <dd>{formatCount(dot.features)}</dd>
                </dl>
              </>,
            );
          };
          const hide = (event: Event) => {
            onPoint(null);
            hideTip(event.currentTarget as Element);
          };
          const open = () => go(there({ page: "run", run: dot.run, sae: dot.name }));
          return (
            <g
              key={dot.id}
              class={strong === null ? "dot" : strong === dot.id ? "dot strong" : "dot weak"}
              style={{ "--of": dot.colour }}
              tabIndex={0}
              role="link"
              aria-label={`${dot.words}: ${title} ${text(dot.y)}, L0 ${formatNumber(dot.x)}`}
              onMouseEnter={show}
              onMouseLeave={hide}
              onFocus={show}
              onBlur={hide}
              onClick={open}
              onKeyDown={(event) => {
                if (event.key === "Enter") open();
              }}
            >
              {dot.interval !== null && (
                <line x1={left} x2={left} y1={up(y, box, dot.interval[0])} y2={up(y, box, dot.interval[1])} />
              )}
              <circle class="halo" cx={left} cy={top} r={12} />
              <circle cx={left} cy={top} r={4.5} />
              {label !== null && label !== undefined && (
                <text x={label.x} y={label.y} style={{ textAnchor: label.anchor }}>
                  {names[at]}
                </text>
              )}
            </g>
          );
        })}
      </svg>
    </div>
  );
}

/** Room at both ends, so that no point lies on the frame. */
function padded(axis: Axis, ticks: number): Axis {
  const at = (value: number) => 0.06 + 0.88 * axis.at(value);
  if (axis.logarithmic) return { ...axis, at };
  const room = 0.07 * (axis.high - axis.low);
  return linearAxis(axis.low - room, axis.high + room, ticks);
}
