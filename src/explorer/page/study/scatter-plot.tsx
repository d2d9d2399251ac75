/** Points with whiskers, the line through the best of them, and a tip for each; a press on a point is told. */

import type { ComponentChildren } from "preact";
import type { Outcome, OutcomeDefinition } from "../../../study/outcomes/outcome.ts";
import { valueText } from "../../../study/report/words.ts";
import { type Axis, axisOf, linearAxis, tickTexts } from "../charts/axis.ts";
import { across, Frame, up, type Box } from "../charts/frame.tsx";
import { useWidth } from "../charts/use-width.ts";
import { hideTip, showTip } from "../shell/tip.tsx";

export interface ScatterDot {
  readonly id: string;
  readonly colour: string;
  readonly hollow: boolean;
  readonly x: Outcome;
  readonly y: Outcome;
  /** One of those that the line joins. */
  readonly front: boolean;
  /** What is to be said of its place. */
  readonly words: string | null;
}

export interface ScatterPlotProps {
  readonly dots: readonly ScatterDot[];
  readonly x: OutcomeDefinition;
  readonly y: OutcomeDefinition;
  readonly front: boolean;
  readonly chosen: readonly string[];
  readonly strong: string | null;
  readonly onPick: (id: string) => void;
  readonly onPoint: (id: string | null) => void;
  readonly describe: (dot: ScatterDot) => ComponentChildren;
}

const HEIGHT = 380;

export function ScatterPlot(props: ScatterPlotProps) {
  const { dots, front, chosen, strong, onPick, onPoint, describe } = props;
  const [holder, width] = useWidth<HTMLDivElement>(720);
  const box: Box = { left: 56, right: width - 14, top: 22, bottom: HEIGHT - 38 };
  const x = axisFor(
    props.x,
    dots.map((dot) => dot.x),
    width < 500 ? 4 : 6,
  );
  const y = axisFor(
    props.y,
    dots.map((dot) => dot.y),
    5,
  );
  const place = (dot: ScatterDot) => [across(x, box, dot.x.value), up(y, box, dot.y.value)] as const;
  const best = dots
    .filter((dot) => dot.front)
    .toSorted((a, b) => a.x.value - b.x.value || a.y.value - b.y.value);
  const path = best.map(
    (dot, at) =>
      `${at === 0 ? "M" : "L"}${place(dot)
        .map((at) => at.toFixed(1))
        .join(" ")}`,
  );
  return (
    <div ref={holder}>
      <svg
        class="chart"
        width={width}
        height={HEIGHT}
        role="group"
        aria-label={`${props.y.label} against ${props.x.label}`}
      >
        <Frame
          box={box}
          x={x}
          y={y}
          xText={tickTexts(x.ticks, props.x.unit === "share")}
          yText={tickTexts(y.ticks, props.y.unit === "share")}
          xName={`${props.x.label}${x.logarithmic ? ", log scale" : ""}`}
          yName={`${props.y.label}${y.logarithmic ? ", log scale" : ""}`}
        />
        {front && best.length > 1 && <path class="frontier" d={path.join("")} />}
        {dots.map((dot) => {
          const [left, top] = place(dot);
          const show = (event: Event) => {
            onPoint(dot.id);
            showTip(event.currentTarget as Element, describe(dot));
          };
          const hide = (event: Event) => {
            onPoint(null);
            hideTip(event.currentTarget as Element);
          };
          const isChosen = chosen.includes(dot.id);
          const emphasis = strong === null ? "" : strong === dot.id ? " strong" : " weak";
          return (
            <g
              key={dot.id}
              class={`dot${emphasis}${dot.hollow ? " hollow" : ""}${isChosen ? " chosen" : ""}${dot.front ? " front" : ""}`}
              style={{ "--of": dot.colour }}
              tabIndex={0}
              role="checkbox"
              aria-checked={isChosen}
              aria-label={`${dot.id}: ${props.y.label} ${valueText(props.y, dot.y.value)}, ${props.x.label} ${valueText(props.x, dot.x.value)}${dot.front ? ", on the front" : ""}`}
              onMouseEnter={show}
              onMouseLeave={hide}
              onFocus={show}
              onBlur={hide}
              onClick={() => onPick(dot.id)}
              onKeyDown={(event) => {
                if (event.key !== "Enter" && event.key !== " ") return;
                event.preventDefault();
                onPick(dot.id);
              }}
            >
              {dot.y.low !== null && dot.y.high !== null && (
                <line x1={left} x2={left} y1={up(y, box, dot.y.low)} y2={up(y, box, dot.y.high)} />
              )}
              {dot.x.low !== null && dot.x.high !== null && (
                <line x1={across(x, box, dot.x.low)} x2={across(x, box, dot.x.high)} y1={top} y2={top} />
              )}
              <circle class="halo" cx={left} cy={top} r={11} />
              <circle cx={left} cy={top} r={4.5} />
            </g>
          );
        })}
      </svg>
    </div>
  );
}

/** Room at both ends, so that no point lies on the frame. */
function axisFor({ log }: OutcomeDefinition, outcomes: readonly Outcome[], ticks: number): Axis {
  const values = outcomes.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]);
  const axis = axisOf(values, { logarithmic: log, ticks });
  if (axis.logarithmic) return { ...axis, at: (value) => 0.05 + 0.9 * axis.at(value) };
  const room = 0.06 * (axis.high - axis.low);
  return linearAxis(axis.low - room, axis.high + room, ticks);
}
