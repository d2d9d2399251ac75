/**
 * The map under pointer, fingers and keys: wheel and pinch zoom, dragging moves it, arrows move it and with Shift go from point to
 * point. The point under the pointer is marked and named; a click opens it, a tap chooses it.
 */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { MapPoints } from "../../api.ts";
import { densityColours, resolvedColour } from "../charts/colours.ts";
import { drawMap } from "./draw-map.ts";
import { briefPercent } from "../charts/numbers.ts";
import type { PointGrid } from "./point-grid.ts";
import {
  moved,
  scaleOf,
  toCanvas,
  toMap,
  within,
  zoomedAt,
  type Bounds,
  type Frame,
  type MapView,
} from "./map-view.ts";
import { theme } from "../shell/theme.ts";
import { hideTip, showTip } from "../shell/tip.tsx";
import { useGestures } from "./use-gestures.ts";
import { Words } from "../tokens/words.tsx";

export interface MapCanvasProps {
  readonly points: MapPoints;
  readonly bounds: Bounds;
  readonly grid: PointGrid;
  readonly classes: Uint8Array;
  readonly classCount: number;
  readonly view: MapView;
  readonly found: ReadonlySet<number> | null;
  /** Place in the list of points. */
  readonly chosen: number | null;
  readonly onView: (view: MapView) => void;
  readonly onChoose: (at: number | null) => void;
  readonly onOpen: (at: number, elsewhere: boolean) => void;
  /** The whole map again. */
  readonly onWhole: () => void;
}

/** Pixels within which a point is meant. */
const REACH = { mouse: 12, touch: 26 };
const STEP = 0.12;

export function MapCanvas(props: MapCanvasProps) {
  const {
    points,
    bounds,
    grid,
    classes,
    classCount,
    view,
    found,
    chosen,
    onView,
    onChoose,
    onOpen,
    onWhole,
  } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const mark = useRef<HTMLSpanElement>(null);
  const [frame, setFrame] = useState<Frame>({ width: 800, height: 600 });
  const [pointed, point] = useState<number | null>(null);
  const latest = useRef(view);
  latest.current = view;
  const now = theme.value;
  const colours = useMemo(() => densityColours(now, classCount), [now, classCount]);

  useLayoutEffect(() => {
    const { current } = canvas;
    if (current === null) return undefined;
    const measure = () => setFrame({ width: current.clientWidth, height: current.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const { current } = canvas;
    if (current === null) return undefined;
    const drawing = requestAnimationFrame(() => {
      const ratio = Math.min(2, devicePixelRatio || 1);
      if (current.width !== frame.width * ratio || current.height !== frame.height * ratio) {
        current.width = frame.width * ratio;
        current.height = frame.height * ratio;
      }
      const context = current.getContext("2d")!;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      drawMap(context, {
        points,
        bounds,
        classes,
        view,
        frame,
        colours,
        highlight: resolvedColour(current, "var(--series2)"),
        ink: resolvedColour(current, "var(--ink)"),
        paper: resolvedColour(current, "var(--paper)"),
        found,
        chosen,
        font: `12px ${getComputedStyle(current).fontFamily}`,
      });
    });
    return () => cancelAnimationFrame(drawing);
  }, [points, classes, view, frame, colours, found, chosen]);

  const scale = scaleOf(bounds, frame, view.zoom);
  const find = (left: number, top: number, reach: number) => {
    const [x, y] = toMap(view, frame, scale, left, top);
    return grid.nearest(x, y, reach / scale);
  };
  useGestures(canvas, {
    onMove: (right, down) => onView(moved(latest.current, bounds, frame, right, down)),
    onZoom: (factor, left, top) => {
      point(null);
      onView(zoomedAt(latest.current, bounds, frame, factor, left, top));
    },
    onHover: (left, top) => point(left === null ? null : find(left, top, REACH.mouse)),
    onClick: (left, top, { touch, elsewhere }) => {
      const at = find(left, top, touch ? REACH.touch : REACH.mouse);
      if (touch || at === null) onChoose(at);
      else onOpen(at, elsewhere);
    },
  });
  useEffect(() => {
    if (pointed === null || mark.current === null) hideTip();
    else showTip(mark.current, <PointTip points={points} at={pointed} />);
  }, [pointed, view]);
  useEffect(() => () => hideTip(), []);

  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow !== undefined && event.shiftKey) {
      const [x, y] = chosen === null ? [view.x, view.y] : [points.x[chosen]!, points.y[chosen]!];
      const next = grid.towards(x, y, arrow[0], arrow[1], chosen);
      if (next !== null) choose(next);
    } else if (arrow !== undefined) {
      const step = STEP * Math.min(frame.width, frame.height);
      onView(moved(view, bounds, frame, -arrow[0] * step, arrow[1] * step));
    } else if (event.key === "+" || event.key === "=")
      onView(zoomedAt(view, bounds, frame, 1.4, frame.width / 2, frame.height / 2));
    else if (event.key === "-")
      onView(zoomedAt(view, bounds, frame, 1 / 1.4, frame.width / 2, frame.height / 2));
    else if (event.key === "0") onWhole();
    else if (event.key === "Escape") onChoose(null);
    else if (event.key === "Enter") {
      if (chosen !== null) onOpen(chosen, false);
      else {
        const at = grid.nearest(view.x, view.y, Math.max(frame.width, frame.height) / scale);
        if (at !== null) choose(at);
      }
    } else return;
    event.preventDefault();
  };
  /** And brings it into view. */
  const choose = (at: number) => {
    onChoose(at);
    const [left, top] = toCanvas(view, frame, scale, points.x[at]!, points.y[at]!);
    const isSeen = left > 20 && top > 20 && left < frame.width - 20 && top < frame.height - 20;
    if (!isSeen) onView(within({ ...view, x: points.x[at]!, y: points.y[at]! }, bounds));
  };
  const [markLeft, markTop] =
    pointed === null ? [0, 0] : toCanvas(view, frame, scale, points.x[pointed]!, points.y[pointed]!);
  return (
    <>
      <canvas
        ref={canvas}
        class={pointed === null ? "map-canvas" : "map-canvas pointed"}
        tabIndex={0}
        role="application"
        aria-label={`Map of ${points.index.length} features. Arrows move it, plus and minus zoom, Shift and arrows go from feature to feature, Enter opens.`}
        onKeyDown={onKey}
      />
      {pointed !== null && (
        <span ref={mark} class="dot-mark" style={{ left: `${markLeft}px`, top: `${markTop}px` }} />
      )}
    </>
  );
}

const ARROWS: Readonly<Record<string, readonly [right: number, up: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

function PointTip({ points, at }: { points: MapPoints; at: number }) {
  return (
    <p>
      <b>Feature {points.index[at]}</b> · on {briefPercent(points.density[at]!)} of tokens
      <br />
      <Words words={points.words[at] ?? ""} />
    </p>
  );
}
