/** An outcome on its way from a file into the list of a trial, with the definition it goes by. */

import { fixedDefinition } from "./catalogue.ts";
import type { Outcome, OutcomeDefinition, Variation } from "./outcome.ts";

export interface Found {
  readonly definition: OutcomeDefinition;
  readonly outcome: Outcome;
}

type Ends = readonly [low: number, high: number] | null | undefined;

/** None where the value is not defined. */
export function found(
  of: string | OutcomeDefinition,
  value: number | null | undefined,
  ends: Ends = null,
  varies: Variation = null,
): Found[] {
  if (value === null || value === undefined || !Number.isFinite(value)) return [];
  const definition = typeof of === "string" ? fixedDefinition(of) : of;
  const [low, high] = ends ?? [null, null];
  return [
    {
      definition,
      outcome: { name: definition.name, value, low, high, varies: low === null ? null : varies },
    },
  ];
}

export function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
