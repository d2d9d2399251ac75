/** How the product asks ONNX Runtime for a session: which device, a stated number of threads, quiet. */

import * as ort from "onnxruntime-node";
import type { Device } from "./devices.ts";
import type { OnnxModel } from "./onnx.ts";

/** Compiles a serialised graph in the calling thread, which its runs will block: call it in a worker. */
export function createSession(
  { bytes, externalData }: OnnxModel,
  threads: number,
  device: Device = "cpu",
): Promise<ort.InferenceSession> {
  // A provider that does not load is written to the terminal before it is thrown; the error says it all (require-device.ts).
  if (device !== "cpu") ort.env.logLevel = "fatal";
  return ort.InferenceSession.create(bytes, {
    executionProviders: [device],
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
