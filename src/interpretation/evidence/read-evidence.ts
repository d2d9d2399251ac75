/**
 * What a run's text says of chosen units: one pass over it (src/features/pass), and of each set of units the passage that it was read on
 * with a column for each chosen unit. Features, neurons and controls go through the same pass, on the same documents and sides; sets may
 * read another model's activations, if its contexts and batches are of the same size.
 */

import { analyse, type AnalysisPass } from "../../features/pass/analyse.ts";
import type { ReadUnits } from "../../features/pass/read-batches.ts";
import { ColumnsCollector } from "./columns.ts";
import type { Column, Passage } from "./passage.ts";
import { PassageCollector } from "./passage-collector.ts";

export interface EvidenceUnits extends ReadUnits {
  /** Numbers of the units that are looked at, each once. */
  readonly chosen: readonly number[];
}

export interface EvidenceRequest extends Pick<
  AnalysisPass,
  "shards" | "contexts" | "concurrency" | "checkpoint" | "onResume" | "onProgress" | "signal"
> {
  readonly sets: readonly EvidenceUnits[];
  /** Deals documents to sides. */
  readonly seed: number;
  readonly tokenText: (id: number) => string;
}

export interface SetEvidence {
  /** The same object for all sets that are read equally often. */
  readonly passage: Passage;
  /** In the order of `chosen`. */
  readonly columns: readonly Column[];
}

/**
 * Whatever units a set encodes, only the chosen ones are kept: `openChosenFeatures` encodes no others.
 * @throws as `analyse` does
 */
export async function readEvidence(request: EvidenceRequest): Promise<SetEvidence[]> {
  const { sets, seed, tokenText, ...pass } = request;
  const { shards, contexts } = pass;
  const [first] = sets;
  if (first === undefined) return [];
  const { batch, context } = first.reader;
  const text = new PassageCollector({
    contexts,
    context,
    batch,
    separator: shards.manifest.bos_token_id,
    seed,
    tokenText,
  });
  const columns = sets.map(
    ({ units, chosen }, set) =>
      new ColumnsCollector({ name: `columns-${set}`, set, units: units.count, chosen }),
  );
  await analyse({
    ...pass,
    units: sets,
    collectors: [text, ...columns],
  });
  return sets.map(({ every }, set) => ({ passage: text.passage(every), columns: columns[set]!.columns() }));
}
