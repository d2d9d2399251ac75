/**
 * Trained models that lie beside the checkout, against numbers that other programs computed from them: every intermediate
 * of a sorting GPT, and the losses of a 16 M GPT-2 with activations replaced. Skipped where they are absent.
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { openSafetensors } from "../../src/files/safetensors.ts";
import { type CutModel, openCut } from "../../src/model/cut.ts";
import { forward } from "../../src/model/forward.ts";
import { loadModel } from "../../src/model/load.ts";
import { largestDifference } from "../close.ts";

const shared = join(import.meta.dirname, "../../../shared");

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start({ threads: 2 });
});
afterAll(() => engine.close());

describe.skipIf(!existsSync(join(shared, "oracles/gpt-nano-sort")))(
  "a GPT that sorts (minGPT in PyTorch)",
  () => {
    test("every intermediate value of layer 0, the block outputs and the logits", async () => {
      const folder = join(shared, "oracles/gpt-nano-sort");
      const model = await loadModel(folder);
      const expected = openSafetensors(join(folder, "partials.safetensors"));
      const [batch, context] = expected.info("idx").shape as [number, number];
      const tokens = Int32Array.from(expected.readFloats("idx"));
      const names: Record<string, string> = {
        "blocks.0.hook_resid_pre": "x",
        "blocks.0.attn.hook_z": "y",
        "blocks.0.hook_attn_out": "yProj",
        "blocks.0.hook_resid_mid": "attnResid",
        "blocks.0.mlp.hook_pre": "fc",
        "blocks.0.mlp.hook_post": "gelu",
        "blocks.0.hook_mlp_out": "mlp",
        "blocks.0.hook_resid_post": "block0",
        "blocks.1.hook_resid_post": "block1",
        "blocks.2.hook_resid_post": "block2",
      };
      for (let i = 0; i < batch; i++) {
        const pass = await forward(
          engine,
          model,
          tokens.slice(i * context, (i + 1) * context),
          Object.keys(names),
        );
        const reference = (name: string) => {
          const all = expected.readFloats(name);
          return all.subarray((i * all.length) / batch, ((i + 1) * all.length) / batch);
        };
        for (const [hook, name] of Object.entries(names)) {
          // The fixture is float32 itself; the largest values are near 12.
          expect(largestDifference(pass.activations.get(hook)!.data, reference(name)), hook).toBeLessThan(
            1e-5,
          );
        }
        expect(largestDifference(pass.logits.data, reference("lm_head"))).toBeLessThan(1e-5 * 20);
      }
    });
  },
);

interface Values {
  readonly tokens: number;
  readonly mean_loss: Readonly<Record<string, number>>;
  readonly greedy: Readonly<Record<string, readonly number[]>>;
}

describe.skipIf(!existsSync(join(shared, "oracles/gpt2-16m.values.json")))(
  "a trained 16 M GPT-2 (PyTorch, float64)",
  () => {
    const values = JSON.parse(readFileSync(join(shared, "oracles/gpt2-16m.values.json"), "utf8")) as Values;
    const tokens = openSafetensors(join(shared, "oracles/gpt2-16m.safetensors")).readInts("tokens");
    let model: CutModel;
    beforeAll(async () => {
      model = await loadModel(join(shared, "models/gpt2-16m"));
    });

    const mean = (losses: Float32Array) => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;

    test.each([
      "blocks.3.mlp.hook_post",
      "blocks.3.hook_mlp_out",
      "blocks.1.mlp.hook_post",
      "blocks.2.hook_resid_mid",
    ])("loss with %s as it is, zero, and its mean over positions", async (hook) => {
      const cut = await openCut(engine, model, hook, { batch: 1, context: tokens.length });
      const { activation, carry } = await cut.prefix(tokens);
      const average = new Float32Array(cut.dIn);
      activation.forEach((x, i) => (average[i % cut.dIn]! += x / tokens.length));
      const loss = async (changed: Float32Array) => mean(await cut.suffix(tokens, carry, changed));
      expect(await loss(activation)).toBeCloseTo(values.mean_loss["clean"]!, 4);
      expect(await loss(activation.map(() => 0))).toBeCloseTo(values.mean_loss[`zero ${hook}`]!, 4);
      const replaced = activation.map((_, i) => average[i % cut.dIn]!);
      expect(await loss(replaced)).toBeCloseTo(values.mean_loss[`mean over positions ${hook}`]!, 4);
      const { loss: compared, kl } = await cut.compare(tokens, carry, activation, replaced);
      expect(mean(compared)).toBeCloseTo(values.mean_loss[`mean over positions ${hook}`]!, 4);
      expect(mean(kl)).toBeGreaterThan(0);
      await cut.close();
    });

    test("greedy continuations", async () => {
      for (const [prompt, ids] of Object.entries(values.greedy)) {
        // One pass tells every step: the argmax at each position must be the token that PyTorch chose there.
        const sequence = Int32Array.from(ids);
        const { logits } = await forward(engine, model, sequence);
        const vocab = logits.dims[1]!;
        const start = ids.length - 24;
        for (let t = start; t < ids.length - 1; t++) {
          const row = logits.data.subarray(t * vocab, (t + 1) * vocab);
          const best = row.reduce((top, value, id) => (value > row[top]! ? id : top), 0);
          expect(best, `${prompt} at ${t}`).toBe(ids[t + 1]);
        }
      }
    });
  },
);
