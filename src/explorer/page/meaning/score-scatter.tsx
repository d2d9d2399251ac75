/** A number against the score of each unit: points of one colour a kind of unit, each leading to its page. */

import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import type { UnitKind } from "../../../features/units.ts";
import { type Axis } from "../charts/axis.ts";
import { seriesColour } from "../charts/colours.ts";
import { DotCanvas } from "../charts/dots.tsx";
import { across, Frame, up, type Box } from "../charts/frame.tsx";
import { useWidth } from "../charts/use-width.ts";
import { go, there } from "../shell/router.ts";

export interface ScatterPoint {
  readonly kind: UnitKind;
  readonly index: number;
  readonly x: number;
  readonly y: number;
}

export interface ScoreScatterProps {
  readonly points: readonly ScatterPoint[];
  readonly x: Axis;
  readonly y: Axis;
  readonly xText: (value: number) => string;
  readonly yText: (value: number) => string;
  readonly xName: string;
  readonly yName: string;
  readonly label: string;
  readonly describe: (point: ScatterPoint) => ComponentChildren;
  /** Kinds of units that have pages to go to. */
  readonly analysed: readonly UnitKind[];
}

const HEIGHT = 300;
/** More points than this are drawn small. */
const MANY = 200;
const COLOURS = [seriesColour(0), seriesColour(1)];

export function ScoreScatter(props: ScoreScatterProps) {
  const { points, x, y, xText, yText, xName, yName, label, describe, analysed } = props;
  const [holder, width] = useWidth<HTMLDivElement>(520);
  const box: Box = { left: 40, right: width - 10, top: 22, bottom: HEIGHT - 38 };
  const dots = useMemo(
    () => ({
      x: Float32Array.from(points, (point) => across(x, box, point.x)),
      y: Float32Array.from(points, (point) => up(y, box, point.y)),
      colour: Uint8Array.from(points, ({ kind }) => (kind === "feature" ? 0 : 1)),
    }),
    [points, width, x.low, x.high, y.low, y.high],
  );
  return (
    <div class="dot-figure" ref={holder}>
      <svg class="chart" width={width} height={HEIGHT} role="img" aria-label={label}>
        <Frame box={box} x={x} y={y} xText={xText} yText={yText} xName={xName} yName={yName} />
      </svg>
      <DotCanvas
        dots={dots}
        colours={COLOURS}
        width={width}
        height={HEIGHT}
        radius={points.length > MANY ? 1.7 : 3.2}
        describe={(at) => (
          <p>
            <b>
              {points[at]!.kind === "feature" ? "Feature" : "Neuron"} {points[at]!.index}
            </b>
            <br />
            {describe(points[at]!)}
          </p>
        )}
        onOpen={(at) => {
          const { kind, index } = points[at]!;
          if (analysed.includes(kind)) go(there({ page: "unit", unit: { kind, index } }));
        }}
      />
    </div>
  );
}

export function ScatterLegend({ points }: { points: readonly ScatterPoint[] }) {
  const has = (kind: UnitKind) => points.some((point) => point.kind === kind);
  return (
    <ul class="legend">
      {has("feature") && (
        <li>
          <i style={{ background: COLOURS[0] }} />
          features
        </li>
      )}
      {has("neuron") && (
        <li>
          <i style={{ background: COLOURS[1] }} />
          neurons
        </li>
      )}
    </ul>
  );
}
