/** Which part of each outcome's variation each factor has, what is left to combinations of them, and what to seeds. */

import * as Plot from "@observablehq/plot";
import { draw, type Figure, quietX, WIDE, NARROW } from "../../../report/figure.ts";
import { colour, seriesColour } from "../../../report/palette.ts";
import type { OutcomeDefinition } from "../../outcomes/outcome.ts";
import type { OutcomeEffects } from "../effects.ts";
import { legendHeight, legendMarks, legendOf } from "./colours.ts";

export interface VariationShares {
  readonly definition: OutcomeDefinition;
  /** Of factors in order, then combinations and seeds, or the rest where these cannot be told apart; together 1. */
  readonly parts: readonly { readonly of: string; readonly share: number }[];
}

export const COMBINATIONS = "combinations";
export const SEEDS = "seeds";
export const REST = "not told apart";

/**
 * ω² can be below 0 by chance: what is not there has no part. Where the factors say all there is of the configurations, what repeats leave
 * is seeds.
 * @param seeds of one configuration
 */
export function variationShares(
  { shares, variance }: OutcomeEffects,
  definition: OutcomeDefinition,
  seeds: number,
): VariationShares {
  const factors = shares.map(({ factor, share }) => ({ of: factor, share: Math.max(0, share ?? 0) }));
  const sum = factors.reduce((total, { share }) => total + share, 0);
  const scaled = sum > 1 ? factors.map(({ of, share }) => ({ of, share: share / sum })) : factors;
  const left = Math.max(0, 1 - sum);
  const between = variance?.share.value;
  const rest =
    between === undefined
      ? [{ of: seeds > 1 ? SEEDS : REST, share: left }]
      : [
          { of: COMBINATIONS, share: left * between },
          { of: SEEDS, share: left * (1 - between) },
        ];
  return { definition, parts: [...scaled, ...rest] };
}

/** Null where there is nothing to divide. */
export function sharesFigure(all: readonly VariationShares[]): Figure | null {
  if (all.length === 0) return null;
  const names = [...new Set(all.flatMap(({ parts }) => parts.map(({ of }) => of)))];
  const order = [
    ...names.filter((name) => ![COMBINATIONS, SEEDS, REST].includes(name)),
    ...[COMBINATIONS, SEEDS, REST].filter((name) => names.includes(name)),
  ];
  const fills: Readonly<Record<string, string>> = {
    [COMBINATIONS]: colour("soft"),
    [SEEDS]: colour("faint"),
    [REST]: colour("faint"),
  };
  const fill = (name: string) => fills[name] ?? seriesColour(order.indexOf(name));
  const legend = legendOf(order.map((name) => ({ text: name, stroke: fill(name) })));
  const bars = all.flatMap(({ definition, parts }) => {
    let from = 0;
    return parts.map(({ of, share }) => {
      const bar = { outcome: definition.label, of, from, to: from + share };
      from += share;
      return bar;
    });
  });
  const at = (width: number) => {
    const narrow = width < WIDE;
    const margin = narrow ? 150 : 220;
    return draw("Shares of variation", {
      width,
      height: 30 + legendHeight(legend, width) + 30 * all.length,
      marginTop: legendHeight(legend, width),
      marginLeft: margin,
      x: { domain: [0, 1] },
      y: { type: "band", domain: all.map(({ definition }) => definition.label), padding: 0.3 },
      marks: [
        quietX({
          ticks: 5,
          label: "share of the variation among trials",
          tickFormat: (v: number) => `${100 * v}%`,
        }),
        Plot.axisY({
          tickSize: 0,
          label: null,
          fill: colour("ink"),
          tickFormat: (label: string) => (narrow && label.length > 23 ? `${label.slice(0, 22)}…` : label),
        }),
        Plot.barX(bars, { y: "outcome", x1: "from", x2: "to", fill: ({ of }: { of: string }) => fill(of) }),
        ...legendMarks(legend, width, margin),
      ],
    });
  };
  return {
    name: "variation-shares",
    title: "Where the variation comes from",
    caption:
      "ω² of each factor, and of what they leave: what combinations of settings do beyond the sum of their effects, and what another seed changes. A large share says that the factor moved the outcome over the values that were tried, and nothing of other values.",
    svg: at(WIDE),
    narrow: at(NARROW),
  };
}
