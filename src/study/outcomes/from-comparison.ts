/** Outcomes of compare.json: how much of a dictionary is found again with another seed. */

import { readFileSync } from "node:fs";
import { z } from "zod";
import { Failure, messageOf } from "../../errors.ts";
import { found, type Found } from "./found.ts";

const interval = z.tuple([z.number(), z.number()]).nullable();
const match = z.looseObject({
  counted: z.number(),
  median: z.number().nullable(),
  interval,
  held_out_median: z.number().nullable(),
});
const direction = z.looseObject({
  mmcs: z.number().nullable(),
  mmcs_active: z.number().nullable(),
  twin_share: z.number().nullable(),
  twin_share_active: z.number().nullable(),
});
const both = <T extends z.ZodType>(schema: T) => z.looseObject({ a_in_b: schema, b_in_a: schema });

const comparisonSchema = z.looseObject({
  format: z.literal(1),
  activation: both(match),
  neurons: both(match).nullable(),
  directions: both(direction).nullable(),
});

export type ComparedBothWays = z.output<typeof comparisonSchema>;
type Way = "a_in_b" | "b_in_a";

/** The head of a compare.json: its lists of features and edges are not looked at. @throws Failure when it is damaged */
export function readComparison(path: string): ComparedBothWays {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Failure(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  const parsed = comparisonSchema.safeParse(value);
  if (parsed.success) {
    const { format, activation, neurons, directions } = parsed.data;
    return { format, activation, neurons, directions };
  }
  const issue = parsed.error.issues[0]!;
  throw new Failure(
    `${path} is no comparison that this version can read: ${issue.path.join(".")}: ${issue.message}`,
  );
}

/** As one side sees the other; "both": the mean of the two, which has no interval of its own. */
export function comparisonOutcomes(comparison: ComparedBothWays, way: Way | "both"): Found[] {
  const ways: readonly Way[] = way === "both" ? ["a_in_b", "b_in_a"] : [way];
  const { activation, neurons, directions } = comparison;
  const mean = (of: (way: Way) => number | null | undefined) => meanOf(ways.map(of));
  return [
    ...found(
      "twin_share",
      mean((one) => directions?.[one].twin_share),
    ),
    ...found(
      "twin_share_active",
      mean((one) => directions?.[one].twin_share_active),
    ),
    ...found(
      "mmcs",
      mean((one) => directions?.[one].mmcs),
    ),
    ...found(
      "mmcs_active",
      mean((one) => directions?.[one].mmcs_active),
    ),
    ...found(
      "match_correlation",
      mean((one) => activation[one].median),
      way === "both" ? null : activation[way].interval,
      "sequences",
    ),
    ...found(
      "match_correlation_held_out",
      mean((one) => activation[one].held_out_median),
    ),
    ...found(
      "match_correlation_neurons",
      mean((one) => neurons?.[one].median),
    ),
  ];
}

/** Of one trial over the comparisons that it is part of: their mean, with its interval where there is one comparison only. */
export function meanOfComparisons(views: readonly (readonly Found[])[]): Found[] {
  if (views.length === 1) return [...views[0]!];
  const all = views.flat();
  const names = [...new Set(all.map(({ definition }) => definition.name))];
  return names.flatMap((name) => found(name, meanOf(views.map((view) => valueIn(view, name)))));
}

function valueIn(view: readonly Found[], name: string): number | undefined {
  return view.find(({ definition }) => definition.name === name)?.outcome.value;
}

function meanOf(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value): value is number => typeof value === "number");
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
