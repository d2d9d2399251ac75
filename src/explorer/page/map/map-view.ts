/**
 * Which part of the map is in view: its centre in the map's own coordinates and a zoom of which 1 shows all of it, so that a view
 * means the same in every window. Everything here is arithmetic; the canvas draws what it says.
 */

export interface MapView {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface Bounds {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
}

const MARGIN = 36;
const ZOOMS = [0.5, 400] as const;

/** Around all points that have a place; a little room where they are all the same. */
export function boundsOf(x: readonly number[], y: readonly number[]): Bounds {
  const bounds = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity };
  for (let at = 0; at < x.length; at++) {
    bounds.left = Math.min(bounds.left, x[at]!);
    bounds.right = Math.max(bounds.right, x[at]!);
    bounds.bottom = Math.min(bounds.bottom, y[at]!);
    bounds.top = Math.max(bounds.top, y[at]!);
  }
  if (!(bounds.left <= bounds.right)) return { left: 0, right: 1, bottom: 0, top: 1 };
  const grow = (low: number, high: number) => (high > low ? 0 : 0.5);
  const [dx, dy] = [grow(bounds.left, bounds.right), grow(bounds.bottom, bounds.top)];
  return {
    left: bounds.left - dx,
    right: bounds.right + dx,
    bottom: bounds.bottom - dy,
    top: bounds.top + dy,
  };
}

export function wholeMap({ left, right, bottom, top }: Bounds): MapView {
  return { x: (left + right) / 2, y: (bottom + top) / 2, zoom: 1 };
}

/** Pixels of one unit of the map. */
export function scaleOf(bounds: Bounds, { width, height }: Frame, zoom: number): number {
  const across = Math.max(40, width - 2 * MARGIN) / (bounds.right - bounds.left);
  const upwards = Math.max(40, height - 2 * MARGIN) / (bounds.top - bounds.bottom);
  return zoom * Math.min(across, upwards);
}

/** Place on the canvas; y points down there and up on the map. */
export function toCanvas(
  view: MapView,
  frame: Frame,
  scale: number,
  x: number,
  y: number,
): readonly [number, number] {
  return [frame.width / 2 + (x - view.x) * scale, frame.height / 2 - (y - view.y) * scale];
}

export function toMap(
  view: MapView,
  frame: Frame,
  scale: number,
  left: number,
  top: number,
): readonly [number, number] {
  return [view.x + (left - frame.width / 2) / scale, view.y - (top - frame.height / 2) / scale];
}

/** Zooms so that what is at this place of the canvas stays there. */
export function zoomedAt(
  view: MapView,
  bounds: Bounds,
  frame: Frame,
  factor: number,
  left: number,
  top: number,
): MapView {
  const zoom = Math.min(ZOOMS[1], Math.max(ZOOMS[0], view.zoom * factor));
  const [x, y] = toMap(view, frame, scaleOf(bounds, frame, view.zoom), left, top);
  const scale = scaleOf(bounds, frame, zoom);
  return within(
    { x: x - (left - frame.width / 2) / scale, y: y + (top - frame.height / 2) / scale, zoom },
    bounds,
  );
}

/** Moves the map by pixels. */
export function moved(view: MapView, bounds: Bounds, frame: Frame, right: number, down: number): MapView {
  const scale = scaleOf(bounds, frame, view.zoom);
  return within({ ...view, x: view.x - right / scale, y: view.y + down / scale }, bounds);
}

/** The centre stays on the map, so that nobody loses it. */
export function within(view: MapView, { left, right, bottom, top }: Bounds): MapView {
  return {
    x: Math.min(right, Math.max(left, view.x)),
    y: Math.min(top, Math.max(bottom, view.y)),
    zoom: Math.min(ZOOMS[1], Math.max(ZOOMS[0], view.zoom)),
  };
}

/** "3.21_-0.5_4"; null for the whole map. */
export function formatView(view: MapView, bounds: Bounds): string | null {
  const whole = wholeMap(bounds);
  const size = Math.max(bounds.right - bounds.left, bounds.top - bounds.bottom);
  const isWhole =
    Math.abs(view.zoom - 1) < 0.005 &&
    Math.abs(view.x - whole.x) < 0.002 * size &&
    Math.abs(view.y - whole.y) < 0.002 * size;
  if (isWhole) return null;
  return [view.x, view.y, view.zoom].map((value) => Number(value.toPrecision(4))).join("_");
}

/** The whole map where the address says nothing, or nothing sensible. */
export function parseView(text: string | undefined, bounds: Bounds): MapView {
  const parts = (text ?? "").split("_").map((part) => (part === "" ? NaN : Number(part)));
  const [x, y, zoom] = parts;
  if (parts.length !== 3 || !parts.every(Number.isFinite)) return wholeMap(bounds);
  return within({ x: x!, y: y!, zoom: zoom! }, bounds);
}

/** Of each point which of `count` colours it has: log density between the 2nd and the 98th percentile. */
export function densityClasses(
  densities: readonly number[],
  count: number,
): { readonly classes: Uint8Array; readonly low: number; readonly high: number } {
  const logs = Float64Array.from(densities, (density) => (density > 0 ? Math.log10(density) : NaN));
  const known = logs.filter((log) => !Number.isNaN(log)).toSorted();
  const at = (share: number) => known[Math.min(known.length - 1, Math.floor(share * known.length))] ?? -6;
  const low = at(0.02);
  const high = Math.max(at(0.98), low + 1e-6);
  const classes = Uint8Array.from(logs, (log) =>
    Number.isNaN(log)
      ? 0
      : Math.min(count - 1, Math.max(0, Math.floor(((log - low) / (high - low)) * count))),
  );
  return { classes, low: 10 ** low, high: 10 ** high };
}
