/**
 * Fuzzing (delphi): are the marked tokens of this window those at which the unit is active? 7 windows for each decile of activation, 5
 * with its active tokens marked and 2 with wrong ones: one of these two is an activating window of the decile with inactive tokens
 * marked, the other a window in which the unit is not active at all, with any tokens marked.
 *
 *     wrong marks in a window = ⌈mean number of active tokens in the rightly marked windows⌉
 *
 * so that the number of marks does not give the answer away. delphi marks the tokens above 0.3 of the window's maximum where it marks
 * rightly and counts all active ones where it marks wrongly, and then it does.
 */

import type { Excerpt } from "../evidence/passage.ts";
import { deciles, DECILES, explainFromDeciles, windowsToAsk } from "./delphi-examples.ts";
import type { Protocol } from "./protocol.ts";
import type { ClassificationItem } from "./task.ts";
import { isTooRare } from "./too-rare.ts";

const RIGHT = 5;
const WRONG_ACTIVATING = 1;
const WRONG_NON_ACTIVATING = 1;

export const fuzzing: Protocol = {
  name: "fuzzing",
  explaining: explainFromDeciles,

  tasks(evidence, side, draw) {
    if (side === "score" && isTooRare(evidence, side)) return [];
    const windows = windowsToAsk(evidence, side, "fuzzing", draw);
    const right: ClassificationItem[] = [];
    const toMarkWrongly: Excerpt[] = [];
    for (const drawn of deciles((decile) => [windows.ofPart(decile, DECILES, RIGHT + WRONG_ACTIVATING)])) {
      const wrong = drawn.length > 1 ? WRONG_ACTIVATING : 0;
      toMarkWrongly.push(...drawn.slice(0, wrong));
      for (const excerpt of drawn.slice(wrong)) {
        right.push({ excerpt, marked: windows.tokensOf(excerpt).active, label: true });
      }
    }
    toMarkWrongly.push(...windows.nonActivating(DECILES * WRONG_NON_ACTIVATING));
    if (right.length === 0) return [];
    const marks = Math.ceil(right.reduce((sum, { marked }) => sum + marked.length, 0) / right.length);
    const wrong = toMarkWrongly
      .map((excerpt): ClassificationItem => {
        const { inactive } = windows.tokensOf(excerpt);
        return { excerpt, marked: windows.some(inactive, marks), label: false };
      })
      // Active at every token: there is no wrong one.
      .filter(({ marked }) => marked.length > 0);
    if (wrong.length === 0) return [];
    return [{ type: "fuzzing", items: windows.random.shuffle([...right, ...wrong]) }];
  },
};
