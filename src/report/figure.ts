/**
 * A figure: one Observable Plot drawn to an SVG string, without a browser (jsdom lends it a document).
 *
 * Figures are drawn small, at about the size they are shown in, so that their text stays readable when a narrow window
 * shrinks them.
 */

import * as Plot from "@observablehq/plot";
import { JSDOM } from "jsdom";
import { colour, LIGHT, withLightColours } from "./palette.ts";

export interface Figure {
  /** File name without ending, unique in the report. */
  readonly name: string;
  readonly title: string;
  /** What is to be seen in it, in words. */
  readonly caption: string;
  readonly svg: string;
  /** The same drawn for a narrow window, where a wide figure's text would shrink away. */
  readonly narrow?: string;
}

/** Widths of a figure over the whole column, and of its narrow twin. */
export const WIDE = 880;
export const NARROW = 430;

export const FONT = `ui-sans-serif, system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif`;

let page: JSDOM | undefined;

/** Draws; `label` describes the picture to those who do not see it. */
export function draw(label: string, options: Plot.PlotOptions): string {
  page ??= new JSDOM("");
  const plot = Plot.plot({
    width: 430,
    height: 240,
    marginTop: 24,
    marginBottom: 38,
    marginLeft: 48,
    marginRight: 14,
    className: "plot",
    ...options,
    document: page.window.document,
    style: {
      background: "none",
      color: colour("soft"),
      fontFamily: FONT,
      fontSize: "11.5px",
      overflow: "visible",
    },
  });
  const svg = plot.localName === "svg" ? plot : plot.querySelector("svg")!;
  svg.querySelector("style")?.remove();
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  return svg.outerHTML;
}

/** The figure as a file of its own: light colours written in, a title, a white ground. */
export function standalone({ svg, title }: Figure): string {
  const escaped = title.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const ground = `<title>${escaped}</title><rect width="100%" height="100%" fill="${LIGHT.raised}"></rect>`;
  return `${withLightColours(svg).replace(/^<svg[^>]*>/, (open) => open + ground)}\n`;
}

/** Thin horizontal lines and bare numbers: the axis of every figure here. */
export function quietY(options: Plot.AxisYOptions = {}): Plot.Markish[] {
  return [
    Plot.gridY({ stroke: colour("rule"), strokeOpacity: 1, ...pick(options) }),
    Plot.axisY({ tickSize: 0, tickPadding: 6, labelArrow: "none", fill: colour("soft"), ...options }),
  ];
}

export function quietX(options: Plot.AxisXOptions = {}): Plot.Markish {
  return Plot.axisX({
    tickSize: 4,
    tickPadding: 4,
    labelArrow: "none",
    stroke: colour("faint"),
    fill: colour("soft"),
    ...options,
  });
}

function pick({ ticks }: Plot.AxisYOptions): Plot.GridYOptions {
  return ticks === undefined ? {} : { ticks };
}
