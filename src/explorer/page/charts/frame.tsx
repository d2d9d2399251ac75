/** What stands around the values of a chart: quiet lines at round values, their labels, and the names of the axes. */

import type { Axis } from "./axis.ts";

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Where a value of an axis lies in the drawing, in pixels. */
export function across(axis: Axis, box: Box, value: number): number {
  return box.left + axis.at(value) * (box.right - box.left);
}

export function up(axis: Axis, box: Box, value: number): number {
  return box.bottom - axis.at(value) * (box.bottom - box.top);
}

export interface FrameProps {
  readonly box: Box;
  readonly x: Axis;
  readonly y: Axis;
  readonly xText: (value: number) => string;
  readonly yText: (value: number) => string;
  readonly xName?: string;
  readonly yName?: string;
}

export function Frame({ box, x, y, xText, yText, xName, yName }: FrameProps) {
  return (
    <g class="frame">
      {y.ticks.map((tick) => (
        <g key={tick}>
          <line class="grid" x1={box.left} x2={box.right} y1={up(y, box, tick)} y2={up(y, box, tick)} />
          <text class="y" x={box.left - 6} y={up(y, box, tick) + 3.5}>
            {yText(tick)}
          </text>
        </g>
      ))}
      <line class="axis" x1={box.left} x2={box.right} y1={box.bottom} y2={box.bottom} />
      {x.ticks.map((tick) => (
        <text key={tick} class="x" x={across(x, box, tick)} y={box.bottom + 15}>
          {xText(tick)}
        </text>
      ))}
      {xName !== undefined && (
        <text class="name x" x={(box.left + box.right) / 2} y={box.bottom + 31}>
          {xName}
        </text>
      )}
      {yName !== undefined && (
        <text class="name" x={box.left} y={box.top - 6}>
          {yName}
        </text>
      )}
    </g>
  );
}
