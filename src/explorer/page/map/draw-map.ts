/** Draws the map's points on a canvas: by density, what was searched for above the rest, words where there is room for them. */

import type { MapPoints } from "../../api.ts";
import { scaleOf, toCanvas, type Bounds, type Frame, type MapView } from "./map-view.ts";
import { plainText } from "../tokens/token-text.ts";

export interface DrawnMap {
  readonly points: MapPoints;
  readonly bounds: Bounds;
  readonly classes: Uint8Array;
  readonly view: MapView;
  readonly frame: Frame;
  /** Of each class. */
  readonly colours: readonly string[];
  readonly highlight: string;
  readonly ink: string;
  readonly paper: string;
  /** What was searched for: places in the list of points; null where nothing was. */
  readonly found: ReadonlySet<number> | null;
  readonly chosen: number | null;
  readonly font: string;
}

/** With no more points than this in view, their words are written beside them. */
const WORDS_FOR = 140;
const LONGEST = 26;

export function drawMap(context: CanvasRenderingContext2D, map: DrawnMap): void {
  const { points, bounds, classes, view, frame, colours, found, chosen } = map;
  const scale = scaleOf(bounds, frame, view.zoom);
  const count = points.index.length;
  const crowd = count > 40_000 ? 0.7 : count > 12_000 ? 0.9 : 1.5;
  const radius = Math.min(6, crowd * view.zoom ** 0.35);
  context.clearRect(0, 0, frame.width, frame.height);
  const squares = radius < 1.8 && count > 12_000;
  // Each colour is set once; within one, points are drawn in any order.
  const byClass: number[][] = colours.map(() => []);
  const seen: number[] = [];
  for (let at = 0; at < count; at++) {
    const [left, top] = toCanvas(view, frame, scale, points.x[at]!, points.y[at]!);
    if (left < -radius || top < -radius || left > frame.width + radius || top > frame.height + radius)
      continue;
    seen.push(at);
    if (found?.has(at) !== true) byClass[classes[at]!]!.push(left, top);
  }
  context.globalAlpha = found === null ? 0.85 : 0.16;
  byClass.forEach((places, colour) => {
    context.fillStyle = colours[colour]!;
    dots(context, places, radius, squares);
  });
  context.globalAlpha = 1;
  if (found !== null) {
    context.fillStyle = map.highlight;
    const marked: number[] = [];
    for (const at of found) {
      const [left, top] = toCanvas(view, frame, scale, points.x[at]!, points.y[at]!);
      marked.push(left, top);
    }
    dots(context, marked, Math.max(3.2, radius + 1), false);
  }
  const named = found === null ? seen : seen.filter((at) => found.has(at));
  if (named.length <= WORDS_FOR) writeWords(context, map, scale, named, radius);
  if (chosen !== null) {
    const [left, top] = toCanvas(view, frame, scale, points.x[chosen]!, points.y[chosen]!);
    context.strokeStyle = map.ink;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(left, top, radius + 5, 0, 2 * Math.PI);
    context.stroke();
  }
}

/** Small ones of many are squares: nobody sees it, and they take a fraction of the time. */
function dots(
  context: CanvasRenderingContext2D,
  places: readonly number[],
  radius: number,
  squares: boolean,
): void {
  if (squares) {
    for (let i = 0; i < places.length; i += 2)
      context.fillRect(places[i]! - radius, places[i + 1]! - radius, 2 * radius, 2 * radius);
    return;
  }
  context.beginPath();
  for (let i = 0; i < places.length; i += 2) {
    context.moveTo(places[i]! + radius, places[i + 1]!);
    context.arc(places[i]!, places[i + 1]!, radius, 0, 2 * Math.PI);
  }
  context.fill();
}

function writeWords(
  context: CanvasRenderingContext2D,
  { points, view, frame, ink, paper, font, chosen }: DrawnMap,
  scale: number,
  named: readonly number[],
  radius: number,
): void {
  const taken: { left: number; right: number; top: number; bottom: number }[] = [];
  context.font = font;
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeStyle = paper;
  context.fillStyle = ink;
  const first = chosen === null ? named : [chosen, ...named.filter((at) => at !== chosen)];
  for (const at of first) {
    const [left, top] = toCanvas(view, frame, scale, points.x[at]!, points.y[at]!);
    const words = plainText(points.words[at] ?? "");
    if (words === "") continue;
    const text = words.length > LONGEST ? `${words.slice(0, LONGEST - 1)}…` : words;
    const start = left + radius + 5;
    const box = {
      left: start,
      right: start + context.measureText(text).width + 6,
      top: top - 8,
      bottom: top + 8,
    };
    const free = taken.every(
      (other) =>
        box.right < other.left || box.left > other.right || box.bottom < other.top || box.top > other.bottom,
    );
    if (!free || box.left > frame.width) continue;
    taken.push(box);
    context.strokeText(text, start, top);
    context.fillText(text, start, top);
  }
}
