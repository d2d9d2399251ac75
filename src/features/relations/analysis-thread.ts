/**
 * Plain loops that take seconds to minutes, each in a thread of its own: the calling one stays free for progress and Ctrl-C, and
 * several may run at once. Samples and tables are on shared memory, so they are not copied on the way.
 */

import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { onDeath } from "../../engine/worker-death.ts";
import type { SampledRows } from "./activation-sample.ts";
import type { NeighbourTable } from "./best-neighbours.ts";
import type { UnitRows } from "./correlation.ts";
import type { DirectionMap, MapOptions } from "./map.ts";
import type { TokenAnalysis } from "../records.ts";

export type AnalysisJob =
  | { readonly kind: "correlated-units"; readonly rows: UnitRows; readonly k: number }
  | {
      readonly kind: "correlated-others";
      readonly rows: UnitRows;
      readonly others: UnitRows;
      readonly k: number;
    }
  | { readonly kind: "tokens"; readonly sample: SampledRows }
  | {
      readonly kind: "map";
      readonly table: NeighbourTable;
      readonly seed: number;
      readonly minDistance?: number | undefined;
    };

export type AnalysisMessage =
  | { readonly kind: "progress"; readonly epoch: number; readonly epochs: number }
  | { readonly kind: "result"; readonly result: NeighbourTable | TokenAnalysis[] | DirectionMap };

interface ThreadOptions {
  /** Stops the thread; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** `correlatedUnits` in a thread. */
export function correlatedUnitsInThread(rows: UnitRows, k: number, options: ThreadOptions = {}) {
  return inThread<NeighbourTable>({ kind: "correlated-units", rows, k }, options);
}

/** `correlatedOthers` in a thread. */
export function correlatedOthersInThread(
  rows: UnitRows,
  others: UnitRows,
  k: number,
  options: ThreadOptions = {},
) {
  return inThread<NeighbourTable>({ kind: "correlated-others", rows, others, k }, options);
}

/** `analyseTokens` in a thread. */
export function analyseTokensInThread(sample: SampledRows, options: ThreadOptions = {}) {
  return inThread<TokenAnalysis[]>({ kind: "tokens", sample }, options);
}

/** `mapOfDirections` in a thread. */
export function mapInThread(table: NeighbourTable, options: MapOptions & ThreadOptions) {
  const { seed, minDistance } = options;
  return inThread<DirectionMap>({ kind: "map", table, seed, minDistance }, options);
}

function inThread<Result>(
  job: AnalysisJob,
  { signal, onProgress }: ThreadOptions & Pick<MapOptions, "onProgress">,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const worker = new Worker(new URL(`./analysis-worker${extname(import.meta.url)}`, import.meta.url), {
      workerData: job,
    });
    const stop = () => {
      reject(signal!.reason as Error);
      void worker.terminate();
    };
    signal?.addEventListener("abort", stop, { once: true });
    worker.on("message", (message: AnalysisMessage) => {
      if (message.kind === "progress") onProgress?.(message);
      else resolve(message.result as Result);
    });
    // After an answer this changes nothing: a promise is settled once.
    onDeath(worker, "an analysis", (failure) => {
      signal?.removeEventListener("abort", stop);
      reject(failure);
    });
  });
}
