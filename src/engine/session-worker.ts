/** The thread that owns ONNX Runtime sessions and runs them when told to (see engine.ts). */

import { parentPort, workerData } from "node:worker_threads";
import * as ort from "onnxruntime-node";
import type { Device } from "./devices.ts";
import { createSession } from "./session.ts";
import type { ExternalData } from "./onnx.ts";
import type { Dims } from "./tensor.ts";

/** An array and the dimensions ONNX Runtime is to read it with. */
export interface Bound {
  readonly data: Float32Array | Int32Array;
  readonly dims: Dims;
}

export type Request =
  | { kind: "load"; id: number; bytes: Uint8Array; externalData: ExternalData[] }
  | { kind: "run"; id: number; feeds: Record<string, Bound>; fetches: Record<string, Bound> }
  | { kind: "release"; id: number };

export interface Reply {
  readonly error?: string;
}

const sessions = new Map<number, ort.InferenceSession>();

parentPort!.on("message", (request: Request) => {
  handle(request).then(
    () => parentPort!.postMessage({} satisfies Reply),
    (error: Error) => parentPort!.postMessage({ error: error.message } satisfies Reply),
  );
});

async function handle(request: Request): Promise<void> {
  if (request.kind === "load") {
    const { threads, device } = workerData as { threads: number; device: Device };
    sessions.set(request.id, await createSession(request, threads, device));
    return;
  }
  const session = sessions.get(request.id)!;
  if (request.kind === "release") {
    sessions.delete(request.id);
    return session.release();
  }
  await session.run(tensors(request.feeds), tensors(request.fetches));
}

function tensors(bound: Record<string, Bound>): Record<string, ort.Tensor> {
  return Object.fromEntries(
    Object.entries(bound).map(([name, { data, dims }]) => [
      name,
      data instanceof Float32Array
        ? new ort.Tensor("float32", data, dims as number[])
        : new ort.Tensor("int32", data, dims as number[]),
    ]),
  );
}
