/**
 * The protocol of Bills et al. 2023 ("Language models can explain neurons in language models"): records of 64 tokens, ranked by the
 * highest activation in them.
 *
 *     explain   5 top records
 *     score     5 top + 5 random records: 640 predictions, integers from 0 to 10
 *
 * The paper deals the ranked records to four splits, i mod 4: train, calibration, valid, test. Neighbouring records of one document
 * end up in several of them then. Here documents are dealt, and each split has its side: train is "explain", calibration is "choose";
 * of "score" records are dealt i mod 2 to valid, which is scored on as in the authors' code, and test, which is not used.
 *
 * At most one record of a document is among the ranked ones as long as there are enough documents. A random record is any fragment of the
 * side that is not among them, whether the unit is active in it or not. Fragments lie within one document and context, so their length
 * is 64 only where contexts are longer than that (`fragment-activity.ts`); shorter stretches between two documents are not used.
 */

import { activationsOf, type Excerpt, type Side, type UnitEvidence } from "../evidence/passage.ts";
import { Random } from "../../random.ts";
import { DistinctWindows, drawDistinct } from "./distinct-draw.ts";
import { type FragmentActivity, fragmentActivity } from "./fragment-activity.ts";
import { forLatestUnits } from "./latest-units.ts";
import type { Draw, Protocol } from "./protocol.ts";
import { floorTo, highestOf } from "./quantise.ts";
import { isTooRare } from "./too-rare.ts";

const TOKENS = 64;
const RECORDS = 5;

/** Splits that the ranked records of a side are dealt to; the first is used. */
const SPLITS: Readonly<Record<Side, number>> = { explain: 1, choose: 1, score: 2 };

const explainingRecords = forLatestUnits((evidence: UnitEvidence): readonly Excerpt[] =>
  topRecords(
    evidence,
    fragmentActivity(evidence, "explain", TOKENS),
    RECORDS,
    new DistinctWindows(evidence.passage),
  ),
);

export const bills2023: Protocol = {
  name: "bills-2023",

  explaining(evidence) {
    const excerpts = explainingRecords(evidence);
    return { excerpts, quantised: quantisedRecords(evidence, excerpts), scale: 10, logits: null };
  },

  tasks(evidence, side, draw) {
    if (side === "score" && isTooRare(evidence, side)) return [];
    const activity = fragmentActivity(evidence, side, TOKENS);
    const windows = new DistinctWindows(evidence.passage, explainingRecords(evidence));
    const splits = SPLITS[side];
    const top = topRecords(evidence, activity, RECORDS * splits, windows).filter((_, i) => i % splits === 0);
    if (top.length === 0) return [];
    const random = stream(side, draw);
    const others = drawDistinct(activity.starts.length, RECORDS, random, (place): Excerpt | null => {
      const window = { start: activity.starts[place]!, length: activity.length };
      return windows.take(window) ? { ...window, centre: null, group: "random", interval: null } : null;
    });
    const excerpts = random.shuffle([...top, ...others]);
    return [{ type: "simulation", scale: 10, excerpts, weights: null }];
  },
};

function stream(side: Side, { seed, unit }: Draw): Random {
  return Random.of(seed, `bills-2023 ${side} ${unit}`);
}

/** f of each record as integers from 0 to 10, 10 being the highest of these records. */
export function quantisedRecords({ column }: UnitEvidence, records: readonly Excerpt[]): number[][] {
  const real = records.map((record) => activationsOf(column, record));
  const highest = highestOf(real);
  return real.map((record) => Array.from(record, (f) => floorTo(10, f, highest)));
}

/** The records with the highest activations, highest first, of different documents as far as there are enough. */
function topRecords(
  { passage }: UnitEvidence,
  { length, starts, active, maxima, peaks, order: ascending }: FragmentActivity,
  wanted: number,
  windows: DistinctWindows,
): Excerpt[] {
  const order = ascending.toReversed();
  const chosen: number[] = [];
  const documents = new Set<number>();
  const windowOf = (place: number) => ({ start: starts[active[place]!]!, length });
  for (const place of order) {
    if (chosen.length === wanted) break;
    const document = passage.documents[peaks[place]!]!;
    if (documents.has(document) || !windows.take(windowOf(place))) continue;
    documents.add(document);
    chosen.push(place);
  }
  for (const place of order) {
    if (chosen.length === wanted) break;
    if (windows.take(windowOf(place))) chosen.push(place);
  }
  return chosen
    .sort((a, b) => maxima[b]! - maxima[a]! || a - b)
    .map((place) => {
      const window = windowOf(place);
      return { ...window, centre: peaks[place]! - window.start, group: "top", interval: null };
    });
}
