/**
 * One pass over the text for everything that is counted on it: the model's first half on several contexts at once, the active
 * units of every token, and all collectors on them in the order of the text. What collectors hold at the end follows from the
 * request alone: not from timing, threads, or how often the work was interrupted.
 */

import { createHash } from "node:crypto";
import { Failure } from "../../errors.ts";
import { type CheckpointKind, openCheckpoint, saveCheckpoint } from "../../files/checkpoints.ts";
import type { Cut } from "../../model/cut.ts";
import type { TokenShards } from "../../text/shards.ts";
import type { Collector } from "./batch.ts";
import { type ContextsToRead, READING_ORDER } from "./contexts-to-read.ts";
import { separatorsBefore } from "./documents.ts";
import { portions, readBatches, type Reader, type ReadUnits } from "./read-batches.ts";

export interface AnalysisProgress {
  /** Tokens done and to do. */
  readonly tokens: number;
  readonly total: number;
}

export interface AnalysisPass {
  readonly shards: TokenShards;
  /** What is read: see `contextsToRead`. */
  readonly contexts: ContextsToRead;
  /** What is counted, each with the reader of the hook point at which its units live. Sets with one reader share its passes. */
  readonly units: readonly ReadUnits[];
  readonly collectors: readonly Collector[];
  /** Passes of the model under way at once. Results do not depend on it. */
  readonly concurrency: number;
  readonly checkpoint?: AnalysisCheckpoint;
  /** Called before anything is read when a checkpoint is gone on from, with the tokens that are done. */
  readonly onResume?: (tokens: number) => void;
  readonly onProgress?: (progress: AnalysisProgress) => void;
  readonly signal?: AbortSignal;
}

/** Where to save every `minutes` and when stopped, and go on from. */
export interface AnalysisCheckpoint {
  readonly folder: string;
  readonly minutes: number;
  /** Of the model, the units and the options: whatever must not differ between the two, beside the text, which is looked after here. */
  readonly fingerprint: string;
}

/** The activations in front of a cut. */
export function cutReader(cut: Cut): Reader {
  const { hook, dIn, batch, context } = cut;
  const carries: Float32Array[] = [];
  return {
    hook,
    dIn,
    batch,
    context,
    async read(tokens, into) {
      // As many as there are calls at once: freed shared memory comes back late.
      const held = carries.pop();
      const { activation, carry } = await cut.prefix(tokens, {
        ...(into && { activation: into }),
        ...(held && { carry: held }),
      });
      if (carry) carries.push(carry);
      return activation;
    },
  };
}

/**
 * Feeds every context to every collector.
 * @throws Failure for readers that do not fit the text or each other, a damaged checkpoint, one of another request; the signal's
 *   reason when it is aborted, after a checkpoint
 */
export async function analyse(pass: AnalysisPass): Promise<void> {
  const { shards, contexts, collectors, concurrency, checkpoint, onResume, onProgress, signal } = pass;
  const { batch, context } = checkedReaders(pass);
  const kind = checkpoint && checkpointKind(pass, checkpoint);
  const done = checkpoint && kind ? restore(checkpoint.folder, kind, collectors) : 0;
  const separators = {
    heldout: await separatorsBefore(shards.heldout, shards.manifest.bos_token_id, contexts.heldout, signal),
    train: await separatorsBefore(shards.train, shards.manifest.bos_token_id, contexts.train, signal),
  };
  const list = portions(contexts, batch);
  const total = context * READING_ORDER.reduce((sum, split) => sum + contexts[split].length, 0);
  let tokens = context * list.slice(0, done).reduce((sum, { from, to }) => sum + to - from, 0);
  let at = done;
  let saved = performance.now();
  if (done > 0) onResume?.(tokens);
  onProgress?.({ tokens, total });

  const request = { shards, contexts, separators, units: pass.units, concurrency };
  for await (const counted of readBatches(request, list.slice(done))) {
    for (const collector of collectors) await collector.add(counted);
    tokens += counted.contexts.length * context;
    at++;
    onProgress?.({ tokens, total });
    const due = checkpoint && performance.now() - saved >= checkpoint.minutes * 60_000;
    if (checkpoint && kind && (due || signal?.aborted)) {
      save(checkpoint.folder, kind, collectors, at);
      saved = performance.now();
    }
    signal?.throwIfAborted();
  }
}

function checkedReaders({ shards, units }: AnalysisPass): Reader {
  const [first] = units;
  if (first === undefined) throw new Error("there are no units to analyse");
  for (const { units: set, reader } of units) {
    if (reader.dIn !== set.dIn) {
      throw new Failure(
        `the ${set.kind}s read activations of width ${set.dIn}, ${reader.hook} of this model has width ${reader.dIn}: choose the hook point and model they belong to`,
      );
    }
    if (reader.batch !== first.reader.batch || reader.context !== first.reader.context) {
      throw new Error(`${reader.hook} and ${first.reader.hook} are read in batches of different sizes`);
    }
  }
  const { context } = shards.manifest.request;
  if (first.reader.context !== context) {
    throw new Failure(
      `the text is cut in contexts of ${context} tokens, the model was opened with ${first.reader.context}: use the same context length for both`,
    );
  }
  return first.reader;
}

function checkpointKind(
  { shards, contexts, units }: AnalysisPass,
  { fingerprint }: AnalysisCheckpoint,
): CheckpointKind {
  const sets = units.map(({ units: { kind, count, dIn }, reader: { hook, batch } }) => [
    kind,
    count,
    dIn,
    hook,
    batch,
  ]);
  const hash = createHash("sha256").update(JSON.stringify([fingerprint, shards.manifest, sets]));
  for (const split of READING_ORDER) hash.update(contexts[split]);
  return {
    format: 1,
    fingerprint: hash.digest("hex"),
    anew: "delete that folder to start the analysis anew",
  };
}

function save(folder: string, kind: CheckpointKind, collectors: readonly Collector[], batches: number): void {
  saveCheckpoint(folder, batches, kind, (write) => {
    const states: Record<string, unknown> = {};
    for (const collector of collectors) {
      const { tensors, state } = collector.save();
      write(collector.name, tensors);
      states[collector.name] = state;
    }
    return { collectors: states };
  });
}

/** @returns batches that are done */
function restore(folder: string, kind: CheckpointKind, collectors: readonly Collector[]): number {
  const newest = openCheckpoint<{ collectors: Record<string, unknown> }>(folder, kind);
  if (newest === undefined) return 0;
  for (const collector of collectors) {
    if (!(collector.name in newest.state.collectors)) {
      throw new Failure(
        `${newest.folder} has nothing of ${collector.name}: go on with the same options, or ${kind.anew}`,
      );
    }
    collector.restore({
      tensors: newest.tensors(collector.name),
      state: newest.state.collectors[collector.name],
    });
  }
  return newest.step;
}
