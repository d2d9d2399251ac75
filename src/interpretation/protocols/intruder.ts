/**
 * Intruder detection (delphi): in which of these five windows is the unit not active? Four are activating ones of one decile with their
 * active tokens marked, one is not, with as many random tokens marked as the others have on average, rounded up.
 *
 * There are 5 trials for each decile and no window is in two of them. A unit with fewer than 4 · 5 · 10 windows has fewer trials, one
 * with fewer than 4 · 10 fewer and wider parts than deciles; the parts are as many as have four windows each.
 */

import type { Excerpt } from "../evidence/passage.ts";
import { DECILES, explainFromDeciles, windowsToAsk } from "./delphi-examples.ts";
import type { Protocol } from "./protocol.ts";
import type { IntruderTrial } from "./task.ts";
import { isTooRare } from "./too-rare.ts";

const ACTIVATING = 4;
const TRIALS = 5;

export const intruder: Protocol = {
  name: "intruder",
  explaining: explainFromDeciles,

  tasks(evidence, side, draw) {
    if (side === "score" && isTooRare(evidence, side)) return [];
    const windows = windowsToAsk(evidence, side, "intruder", draw);
    const parts = Math.min(DECILES, Math.floor(windows.activating / ACTIVATING));
    const groups: Excerpt[][] = [];
    for (let part = parts - 1; part >= 0; part--) {
      const drawn = windows.ofPart(part, parts, ACTIVATING * TRIALS);
      for (let at = 0; at + ACTIVATING <= drawn.length; at += ACTIVATING) {
        groups.push(drawn.slice(at, at + ACTIVATING));
      }
    }
    const intruders = windows.nonActivating(groups.length);
    const trials = windows.random
      .shuffle(groups)
      .slice(0, intruders.length)
      .map((group, i): IntruderTrial => {
        const marked = group.map((excerpt) => windows.tokensOf(excerpt).active);
        const marks = Math.ceil(marked.reduce((sum, { length }) => sum + length, 0) / group.length);
        const random = windows.some(windows.tokensOf(intruders[i]!).inactive, marks);
        const place = windows.random.integer(group.length + 1);
        return {
          excerpts: group.toSpliced(place, 0, intruders[i]!),
          marked: marked.toSpliced(place, 0, random),
          intruder: place,
        };
      });
    return trials.length === 0 ? [] : [{ type: "intruder", trials }];
  },
};
