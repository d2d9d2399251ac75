/**
 * Many points on a canvas, under a drawing: as many as a dictionary has features. The one nearest to the pointer is marked and named
 * in the tip; a click on it is told.
 */

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { resolvedColour } from "./colours.ts";
import { nearestDot, type Dots } from "./dot-places.ts";
import { theme } from "../shell/theme.ts";
import { hideTip, showTip } from "../shell/tip.tsx";

export interface DotsProps {
  readonly dots: Dots;
  /** With CSS variables. */
  readonly colours: readonly string[];
  readonly width: number;
  readonly height: number;
  readonly describe: (at: number) => ComponentChildren;
  readonly onOpen: (at: number) => void;
  /** Pixels. */
  readonly radius?: number;
}

const RADIUS = 1.7;
const REACH = 14;

export function DotCanvas(props: DotsProps) {
  const { dots, colours, width, height, describe, onOpen, radius = RADIUS } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const mark = useRef<HTMLSpanElement>(null);
  const [pointed, point] = useState<number | null>(null);
  const now = theme.value;
  useLayoutEffect(() => {
    const { current } = canvas;
    if (current === null) return;
    const ratio = devicePixelRatio || 1;
    current.width = width * ratio;
    current.height = height * ratio;
    const context = current.getContext("2d")!;
    context.scale(ratio, ratio);
    context.globalAlpha = dots.x.length > 20_000 ? 0.35 : 0.55;
    colours.forEach((colour, wanted) => {
      context.fillStyle = resolvedColour(current, colour);
      for (let at = 0; at < dots.x.length; at++) {
        if (dots.colour[at] !== wanted) continue;
        context.beginPath();
        context.arc(dots.x[at]!, dots.y[at]!, radius, 0, 2 * Math.PI);
        context.fill();
      }
    });
  }, [dots, width, height, now, radius, colours.join()]);
  useLayoutEffect(() => {
    if (pointed !== null && mark.current !== null) showTip(mark.current, describe(pointed));
    else hideTip();
  }, [pointed]);

  const find = (event: MouseEvent): number | null => {
    const { left, top } = canvas.current!.getBoundingClientRect();
    return nearestDot(dots, event.clientX - left, event.clientY - top, REACH);
  };
  return (
    <>
      <canvas
        ref={canvas}
        class={pointed === null ? "dots" : "dots pointed"}
        style={{ width: `${width}px`, height: `${height}px` }}
        aria-hidden="true"
        onMouseMove={(event) => point(find(event))}
        onMouseLeave={() => point(null)}
        onClick={(event) => {
          const at = find(event);
          if (at !== null) onOpen(at);
        }}
      />
      {pointed !== null && (
        <span
          ref={mark}
          class="dot-mark"
          style={{ left: `${dots.x[pointed]}px`, top: `${dots.y[pointed]}px` }}
        />
      )}
    </>
  );
}
