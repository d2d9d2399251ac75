/** Small multiples over tokens that share their hair line: of the dictionaries of a run, or of trials laid over one another. */

import { formatTokens } from "../../../report/format.ts";
import type { Curves } from "../../api.ts";
import { lineOf, QUANTITIES, type Quantity } from "./curves.ts";
import { LineChart, type LineChartProps, type NamedLine } from "./line-chart.tsx";

/** Points of a line: a chart is about so many pixels wide. */
const MOST_POINTS = 360;

export interface Multiple {
  readonly quantity: Quantity;
  readonly lines: readonly NamedLine[];
}

/** What one dictionary's lines are made of. */
export interface Trained {
  readonly name: string;
  readonly colour: string;
  readonly columns: Curves["saes"][string];
}

/** Of every quantity that some dictionary has a line of. */
export function trainingMultiples(all: readonly Trained[]): readonly Multiple[] {
  return QUANTITIES.map((quantity) => ({
    quantity,
    lines: all.flatMap(({ name, colour, columns }): NamedLine[] => {
      const line = lineOf(columns, quantity.name, MOST_POINTS, quantity.logarithmic);
      return line.xs.length === 0 ? [] : [{ ...line, name, colour }];
    }),
  })).filter(({ lines }) => lines.some(({ xs }) => xs.length > 1));
}

/** Tokens at the right end of all. */
export function mostTokens(charts: readonly Multiple[]): number {
  return Math.max(...charts.flatMap(({ lines }) => lines.map(({ xs }) => xs.at(-1) ?? 0)));
}

/** Where the hair line is, or the end. */
export function placeText(at: number | null, most: number): string {
  return at === null
    ? `${formatTokens(most)} tokens`
    : `at ${formatTokens(Math.round(at / 1000) * 1000)} tokens`;
}

export interface MultiplesProps extends Omit<LineChartProps, "quantity" | "lines"> {
  readonly charts: readonly Multiple[];
}

export function Multiples({ charts, ...shared }: MultiplesProps) {
  return (
    <>
      {charts.map(({ quantity, lines }) => (
        <LineChart key={quantity.name} quantity={quantity} lines={lines} {...shared} />
      ))}
    </>
  );
}
