/** The thread behind analysis-thread.ts: does one job, answers, ends. */

import { parentPort, workerData } from "node:worker_threads";
import type { AnalysisJob, AnalysisMessage } from "./analysis-thread.ts";
import { correlatedOthers, correlatedUnits } from "./correlation.ts";
import { mapOfDirections } from "./map.ts";
import { analyseTokens } from "./token-analysis.ts";

const report = (message: AnalysisMessage) => parentPort!.postMessage(message);
const job = workerData as AnalysisJob;

switch (job.kind) {
  case "correlated-units":
    report({ kind: "result", result: correlatedUnits(job.rows, job.k) });
    break;
  case "correlated-others":
    report({ kind: "result", result: correlatedOthers(job.rows, job.others, job.k) });
    break;
  case "tokens":
    report({ kind: "result", result: analyseTokens(job.sample) });
    break;
  case "map":
    report({
      kind: "result",
      result: mapOfDirections(job.table, {
        seed: job.seed,
        ...(job.minDistance !== undefined && { minDistance: job.minDistance }),
        onProgress: (done) => report({ kind: "progress", ...done }),
      }),
    });
    break;
}
