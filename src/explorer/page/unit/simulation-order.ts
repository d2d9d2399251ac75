/** Predicted beside real activations of one explanation: how far they lie apart in each excerpt, and in which order excerpts are shown. */

import type { ShownTask } from "../../api.ts";

export type SimulatedExcerpt = Extract<ShownTask, { readonly type: "simulation" }>["excerpts"][number];

export const ORDERS = ["disagreement", "group"] as const;
export type ExcerptOrder = (typeof ORDERS)[number];

/** Mean over the tokens of |predicted − real|, on the task's scale; null where there is no prediction. */
export function disagreement({ real, simulated }: SimulatedExcerpt): number | null {
  if (simulated === null || real.length === 0) return null;
  return real.reduce((sum, value, at) => sum + Math.abs((simulated[at] ?? 0) - value), 0) / real.length;
}

const GROUPS = ["top", "interval", "random", "elsewhere"];

/** Largest disagreement first, or group by group with high intervals before low ones; failures come last of their kind. */
export function inOrder(
  excerpts: readonly SimulatedExcerpt[],
  order: ExcerptOrder,
): readonly SimulatedExcerpt[] {
  const apart = (excerpt: SimulatedExcerpt) => disagreement(excerpt) ?? -1;
  const place = ({ group }: SimulatedExcerpt) => {
    const known = GROUPS.indexOf(group);
    return known === -1 ? GROUPS.length : known;
  };
  return [...excerpts].sort((a, b) =>
    order === "disagreement"
      ? apart(b) - apart(a)
      : place(a) - place(b) || (b.interval ?? -1) - (a.interval ?? -1) || apart(b) - apart(a),
  );
}

/** What an excerpt was chosen for, in a few words. Intervals count from 1, as elsewhere on the page. */
export function groupWords({ group, interval }: Pick<SimulatedExcerpt, "group" | "interval">): string {
  if (group === "top") return "strongest";
  if (group === "interval") return interval === null ? "interval" : `interval ${interval + 1}`;
  if (group === "random") return "any text";
  if (group === "elsewhere") return "its token elsewhere";
  return group;
}
