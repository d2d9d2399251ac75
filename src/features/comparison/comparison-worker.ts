/** The thread behind comparison-thread.ts: does one comparison, answers, ends. */

import { parentPort, workerData } from "node:worker_threads";
import { compareActivations } from "./activations.ts";
import type { ComparisonJob } from "./comparison-thread.ts";

const { a, b, context, options } = workerData as ComparisonJob;
parentPort!.postMessage(compareActivations(a, b, context, options));
