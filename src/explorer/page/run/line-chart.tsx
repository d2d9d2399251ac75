/** A small chart of one quantity over tokens, a line for each dictionary; a hair line shows the values at one place. */

import { Fragment } from "preact";
import type { Line, Quantity } from "./curves.ts";
import { axisOf, linearAxis, nearestPlace, tickTexts } from "../charts/axis.ts";
import { brief, briefPercent } from "../charts/numbers.ts";
import { hideTip, showTip } from "../shell/tip.tsx";
import { useWidth } from "../charts/use-width.ts";
import { across, Frame, up, type Box } from "../charts/frame.tsx";

export interface NamedLine extends Line {
  readonly name: string;
  readonly colour: string;
}

export interface LineChartProps {
  readonly quantity: Quantity;
  readonly lines: readonly NamedLine[];
  /** Tokens at the right end. */
  readonly most: number;
  /** Tokens at the hair line, of whichever chart is pointed at. */
  readonly at: number | null;
  /** The dictionary that stands out, while its name is pointed at. */
  readonly strong: string | null;
  /** Of many, the one whose value is shown. */
  readonly chosen: string | null;
  readonly onPoint: (at: number | null) => void;
}

const HEIGHT = 152;
/** Values that have room beside the title; of more, one is there and all are in the tip. */
const ROOM = 3;

export function LineChart({ quantity, lines, most, at, strong, chosen, onPoint }: LineChartProps) {
  const [holder, width] = useWidth<HTMLElement>(300);
  const { title, note, percent = false, logarithmic = false, zero = false } = quantity;
  const box: Box = { left: 44, right: width - 8, top: 8, bottom: HEIGHT - 20 };
  const x = linearAxis(0, Math.max(1, most), width < 260 ? 3 : 4);
  const y = axisOf(
    lines.flatMap(({ ys }) => ys),
    { logarithmic, zero, ticks: 4 },
  );
  const text = percent ? (value: number) => briefPercent(value, 3) : (value: number) => brief(value);
  const valuesAt = (tokens: number | null) =>
    lines.map((line) => {
      const place = nearestPlace(line.xs, tokens ?? Infinity);
      return { line, x: line.xs[place], y: line.ys[place] };
    });
  const values = valuesAt(at);
  const wanted = strong ?? chosen ?? lines[0]?.name;
  const read = values.length <= ROOM ? values : values.filter(({ line }) => line.name === wanted);
  const point = (event: MouseEvent) => {
    const { left } = (event.currentTarget as Element).getBoundingClientRect();
    const share = (event.clientX - left - box.left) / (box.right - box.left);
    const tokens = Math.min(1, Math.max(0, share)) * most;
    onPoint(tokens);
    if (lines.length > ROOM)
      showTip(event.currentTarget as Element, <Values values={valuesAt(tokens)} text={text} />);
  };
  return (
    <figure class="multiple" ref={holder}>
      <figcaption>
        <b>{title}</b>
        <span class="readout">
          {read.map(({ line, y: value }) => (
            <span key={line.name} style={{ color: lines.length > 1 ? line.colour : undefined }}>
              {value === undefined ? "–" : text(value)}
            </span>
          ))}
        </span>
        <small>
          {note}
          {y.logarithmic && (note === "" ? "log scale" : " · log scale")}
        </small>
      </figcaption>
      <svg
        class="chart"
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={`${title} over training tokens: ${values.map(({ line, y: value }) => `${line.name} ${value === undefined ? "unknown" : text(value)}`).join(", ")}`}
        onMouseMove={point}
        onMouseLeave={(event) => {
          onPoint(null);
          hideTip(event.currentTarget);
        }}
      >
        <Frame box={box} x={x} y={y} xText={tickTexts(x.ticks)} yText={tickTexts(y.ticks, percent)} />
        {at !== null && (
          <line class="hair" x1={across(x, box, at)} x2={across(x, box, at)} y1={box.top} y2={box.bottom} />
        )}
        {lines.map((line) => (
          <path
            key={line.name}
            class={strong === null ? "line" : strong === line.name ? "line strong" : "line weak"}
            style={{ stroke: line.colour }}
            d={line.xs
              .map(
                (tokens, i) =>
                  `${i === 0 ? "M" : "L"}${across(x, box, tokens).toFixed(1)} ${up(y, box, line.ys[i]!).toFixed(1)}`,
              )
              .join("")}
          />
        ))}
        {at !== null &&
          values.map(({ line, x: tokens, y: value }) =>
            tokens === undefined || value === undefined ? null : (
              <circle
                key={line.name}
                r={3}
                cx={across(x, box, tokens)}
                cy={up(y, box, value)}
                style={{ fill: line.colour }}
              />
            ),
          )}
      </svg>
    </figure>
  );
}

interface ValuesProps {
  readonly values: readonly { readonly line: NamedLine; readonly y: number | undefined }[];
  readonly text: (value: number) => string;
}

function Values({ values, text }: ValuesProps) {
  return (
    <dl class="tip-values">
      {values.map(({ line, y }) => (
        <Fragment key={line.name}>
          <dt>
            <i class="swatch" style={{ background: line.colour }} />
            {line.name}
          </dt>
          <dd>{y === undefined ? "–" : text(y)}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
