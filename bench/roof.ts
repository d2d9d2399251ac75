/**
 * What the machine can do at best, to say how near a training step comes: the float32 product of the encoder at 4096 × 768 ×
 * 24576, the better of ONNX Runtime and PyTorch, and the memory's bandwidth (triad, 12 bytes an element).
 *
 * The floor of an exact step is its encoder product at that rate, 2·d_in·d_sae FLOP a token: nothing is known of what fires
 * before. A step that computes the product in fewer bits and repairs it exactly may pass it.
 */

import { availableParallelism } from "node:os";
import { Engine } from "../src/engine/engine.ts";
import { sharedFloats } from "../src/engine/tensor.ts";
import { encoderGraph } from "../src/sae/graphs.ts";
import { Peer } from "./peer.ts";

const [BATCH, D_IN, D_SAE] = [4096, 768, 24576];
const TRIAD_BYTES = 12 * (1 << 26);
const ROUNDS = 5;
const FLOP = 2 * BATCH * D_IN * D_SAE;

export interface Roof {
  /** FLOP a second. */
  readonly onnxruntime: number;
  readonly torch?: number;
  readonly torchBfloat16?: number;
  /** The better float32 rate. */
  readonly float32: number;
  /** Bytes a second. */
  readonly triad?: number;
}

export async function measureRoof(): Promise<Roof> {
  const onnxruntime =
    FLOP / (await least([() => engineSeconds(1), () => engineSeconds(availableParallelism())]));
  const peer = await Peer.start("roof.py");
  if (!peer) return { onnxruntime, float32: onnxruntime };
  const threads = availableParallelism();
  const run = (name: string, dtype: "float32" | "bfloat16") =>
    peer.measure({ case: name, dtype, threads, runs: 1 + ROUNDS }).then((all) => Math.min(...all));
  const torch = FLOP / (await run("gemm", "float32"));
  const torchBfloat16 = FLOP / (await run("gemm", "bfloat16"));
  const triad = TRIAD_BYTES / (await run("triad", "float32"));
  peer.close();
  return { onnxruntime, torch, torchBfloat16, float32: Math.max(onnxruntime, torch), triad };
}

/** Seconds of the product, its rows in pieces, by `workers` sessions that share the cores. */
async function engineSeconds(workers: number): Promise<number> {
  const threads = Math.max(1, Math.floor(availableParallelism() / workers));
  const engine = await Engine.start({ workers, threads });
  const rows = 128;
  const program = await engine.load(encoderGraph(D_IN, D_SAE, rows));
  const W_enc = sharedFloats(D_SAE * D_IN).fill(1);
  const x = sharedFloats(rows * D_IN).fill(1);
  // A free result for each run that can be under way.
  const free = Array.from({ length: workers }, () => sharedFloats(D_SAE * rows).fill(0));
  const all = () =>
    Promise.all(
      free.map(async (z, lane) => {
        for (let piece = lane; piece < BATCH / rows; piece += workers) await program.run({ W_enc, x }, { z });
      }),
    );
  let best = Infinity;
  for (let round = 0; round <= ROUNDS; round++) {
    const start = performance.now();
    await all();
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  await engine.close();
  return best;
}

async function least(measurements: readonly (() => Promise<number>)[]): Promise<number> {
  let best = Infinity;
  for (const measure of measurements) best = Math.min(best, await measure());
  return best;
}
