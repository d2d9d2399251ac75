/** How the product asks ONNX Runtime for a session: CPU, a stated number of threads, quiet. */

import * as ort from "onnxruntime-node";
import type { OnnxModel } from "./onnx.ts";

/** Compiles a serialised graph in the calling thread, which its runs will block: call it in a worker. */
export function createSession(
  { bytes, externalData }: OnnxModel,
  threads: number,
): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(bytes, {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    // Spinning threads would take the core that the other workers need.
    extra: { session: { "intra_op.allow_spinning": "0" } },
    logSeverityLevel: 3,
    externalData,
  } as ort.InferenceSession.SessionOptions);
}
