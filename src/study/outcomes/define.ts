/** How an outcome is defined. */

import type { OutcomeDefinition, OutcomeGroup } from "./outcome.ts";

export type Traits = Partial<Pick<OutcomeDefinition, "better" | "unit" | "log">>;

export const HIGHER: Traits = { better: "higher" };
export const LOWER: Traits = { better: "lower" };
export const SHARE: Traits = { unit: "share" };

export function entry(
  group: OutcomeGroup,
  name: string,
  label: string,
  text: string,
  traits: Traits = {},
): OutcomeDefinition {
  return { name, label, definition: text, group, better: null, unit: "number", log: false, ...traits };
}

/** A name as columns of tables have it. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_|_$/g, "");
}
