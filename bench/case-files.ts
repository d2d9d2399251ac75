/** The parameters and the batch of a training step as files that the peers read (peers/case.py): all take the same step. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SaeTrainer } from "../src/sae/trainer.ts";
import { LAMBDA, LEARNING_RATE, type StepShape } from "./product.ts";

export class CaseFiles {
  readonly folder = mkdtempSync(join(tmpdir(), "monosemantic-bench-"));

  constructor() {
    process.on("exit", () => this.close());
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  }

  /** Writes a case and returns its folder. */
  write(name: string, shape: StepShape, { parameters }: SaeTrainer, x: Float32Array): string {
    const folder = join(this.folder, name);
    mkdirSync(folder);
    const { objective, d_in, d_sae, batch, l0 } = shape;
    const topk = objective === "topk";
    const floats = (tensor: string, data: Float32Array) =>
      writeFileSync(
        join(folder, `${tensor}.f32`),
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      );
    const matrix = (row: (i: number) => Float32Array) => {
      const rows = new Float32Array(d_sae * d_in);
      for (let i = 0; i < d_sae; i++) rows.set(row(i), i * d_in);
      return rows;
    };
    floats("x", x);
    floats(
      "W_enc",
      matrix((i) => parameters.encoderRow(i)),
    );
    floats(
      "W_dec",
      matrix((i) => parameters.decoderRow(i)),
    );
    floats(
      "b_enc",
      Float32Array.from({ length: d_sae }, (_, i) => parameters.bias(i)),
    );
    floats("b_dec", parameters.b_dec);
    const numbers = { d_in, d_sae, batch, k: topk ? l0 : null, Lambda: topk ? 0 : LAMBDA, lr: LEARNING_RATE };
    writeFileSync(join(folder, "case.json"), JSON.stringify(numbers));
    return folder;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
