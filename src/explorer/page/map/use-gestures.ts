/** Pointer, wheel and fingers on an element as movements, zooms and clicks. */

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

export interface Gestures {
  /** Pixels. */
  readonly onMove: (right: number, down: number) => void;
  /** At a place of the element. */
  readonly onZoom: (factor: number, left: number, top: number) => void;
  /** Null when the pointer has left. */
  readonly onHover: (left: number | null, top: number) => void;
  readonly onClick: (
    left: number,
    top: number,
    how: { readonly touch: boolean; readonly elsewhere: boolean },
  ) => void;
}

/** A press that moves further than this is no click. */
const STILL = 5;

export function useGestures(element: RefObject<HTMLElement | null>, gestures: Gestures): void {
  const latest = useRef(gestures);
  latest.current = gestures;
  useEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    const stop = new AbortController();
    listen(current, () => latest.current, stop.signal);
    return () => stop.abort();
  }, []);
}

function listen(element: HTMLElement, gestures: () => Gestures, signal: AbortSignal): void {
  const down = new Map<number, { x: number; y: number }>();
  let travelled = 0;
  const place = (event: MouseEvent): readonly [number, number] => {
    const { left, top } = element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const on = <K extends keyof HTMLElementEventMap>(
    name: K,
    take: (event: HTMLElementEventMap[K]) => void,
    passive = true,
  ) => element.addEventListener(name, take, { signal, passive });

  on("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (down.size === 0) travelled = 0;
    down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    element.setPointerCapture(event.pointerId);
  });
  on("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType !== "touch") gestures().onHover(...place(event));
      return;
    }
    const after = { x: event.clientX, y: event.clientY };
    const [right, below] = [after.x - before.x, after.y - before.y];
    travelled += Math.hypot(right, below);
    down.set(event.pointerId, after);
    if (travelled < STILL) return;
    gestures().onHover(null, 0);
    if (down.size === 1) return gestures().onMove(right, below);
    const other = [...down].find(([id]) => id !== event.pointerId)![1];
    const apart = (one: { x: number; y: number }) =>
      Math.max(1, Math.hypot(one.x - other.x, one.y - other.y));
    const { left, top } = element.getBoundingClientRect();
    gestures().onMove(right / 2, below / 2);
    gestures().onZoom(
      apart(after) / apart(before),
      (after.x + other.x) / 2 - left,
      (after.y + other.y) / 2 - top,
    );
  });
  const lift = (event: PointerEvent) => {
    const was = down.delete(event.pointerId);
    if (!was || down.size > 0 || travelled >= STILL || event.type !== "pointerup") return;
    const how = { touch: event.pointerType === "touch", elsewhere: event.ctrlKey || event.metaKey };
    gestures().onClick(...place(event), how);
  };
  on("pointerup", lift);
  on("pointercancel", lift);
  on("pointerleave", () => gestures().onHover(null, 0));
  on(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      // A pinch on a trackpad arrives as a wheel with Ctrl and small steps.
      const speed = event.ctrlKey ? 0.01 : 0.0016;
      gestures().onZoom(Math.exp(-event.deltaY * lines * speed), ...place(event));
    },
    false,
  );
}
