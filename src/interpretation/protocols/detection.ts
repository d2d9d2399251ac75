/**
 * Detection (delphi): is the unit active anywhere in this window? 50 windows in which it is, 5 of each decile of activation, and 50 in
 * which it is not, drawn at random from all of those and checked. A window that is merely assumed to be inactive punishes explanations
 * of common units for being right.
 */

import { deciles, DECILES, explainFromDeciles, windowsToAsk } from "./delphi-examples.ts";
import type { Protocol } from "./protocol.ts";
import type { ClassificationItem } from "./task.ts";
import { isTooRare } from "./too-rare.ts";

const EACH_DECILE = 5;
const NON_ACTIVATING = 50;

export const detection: Protocol = {
  name: "detection",
  explaining: explainFromDeciles,

  tasks(evidence, side, draw) {
    if (side === "score" && isTooRare(evidence, side)) return [];
    const windows = windowsToAsk(evidence, side, "detection", draw);
    const activating = deciles((decile) => windows.ofPart(decile, DECILES, EACH_DECILE));
    const others = windows.nonActivating(NON_ACTIVATING);
    if (activating.length === 0 || others.length === 0) return [];
    const items: ClassificationItem[] = [
      ...activating.map((excerpt) => ({ excerpt, marked: [], label: true })),
      ...others.map((excerpt) => ({ excerpt, marked: [], label: false })),
    ];
    return [{ type: "detection", items: windows.random.shuffle(items) }];
  },
};
