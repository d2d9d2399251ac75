/** The evaluation over the real parts: a small GPT-2 through the engine, dictionaries through the sparse kernels. */

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { evaluateSaes } from "../../src/evaluation/evaluate.ts";
import type { EvaluatedSae } from "../../src/evaluation/subject.ts";
import { readConfig } from "../../src/model/config.ts";
import { openCut } from "../../src/model/cut.ts";
import { readWeights } from "../../src/model/weights.ts";
import { Random } from "../../src/random.ts";
import type { Sae } from "../../src/sae/dictionary.ts";
import { SaeForward } from "../../src/sae/forward.ts";
import { Pool } from "../../src/sae/pool.ts";
import type { TokenSplit } from "../../src/text/shards.ts";

const folder = join(import.meta.dirname, "../fixtures/models/relu");
const context = 8;

let engine: Engine;
let pool: Pool;
beforeAll(async () => {
  engine = await Engine.start();
  pool = new Pool(1);
});
afterAll(async () => {
  await engine.close();
  await pool.close();
});

describe("evaluateSaes on a GPT-2 through the engine", () => {
  it("leaves the loss as it is with the identity, and gives the zero ablation's with a silent dictionary", async () => {
    const config = readConfig(folder);
    const model = { config, weights: readWeights(folder, config) };
    const cut = await openCut(engine, model, "blocks.0.mlp.hook_post", { batch: 4, context });
    const { dIn } = cut;
    const identity = Float32Array.from({ length: dIn * dIn }, (_, i) => (i % (dIn + 1) === 0 ? 1 : 0));
    // ReLU activations are not negative, so f = relu(x) and x̂ = f give x back.
    const saes = [await opened("identity", dIn, identity, 0), await opened("silent", dIn, identity, -1e6)];
    const [same, silent] = await evaluateSaes({
      cut,
      tokens: randomTokens(10, config.vocabSize),
      saes,
      maxTokens: 1e6,
      seed: 1,
    });
    expect(same!.result.tokens).toBe(80);
    expect(same!.result.ce_sae).toBeCloseTo(same!.result.ce_clean, 6);
    expect(same!.result.kl).toBeCloseTo(0, 6);
    expect(same!.result.explained_variance).toBeCloseTo(1, 10);
    expect(same!.result.splice_identity_deviation).toBeLessThan(1e-5);
    expect(same!.result.l0).toBeGreaterThan(0);
    expect(silent!.result.ce_sae).toBeCloseTo(silent!.result.ce_zero, 6);
    expect(silent!.result.kl).toBeCloseTo(silent!.result.kl_zero, 6);
    expect(silent!.result.ce_zero).not.toBeCloseTo(silent!.result.ce_clean, 6);
    expect(silent!.result.dead_fraction).toBe(1);
    await cut.close();
  });
});

async function opened(name: string, dIn: number, W: Float32Array, bias: number): Promise<EvaluatedSae> {
  const sae: Sae = {
    architecture: "standard",
    d_in: dIn,
    d_sae: dIn,
    W_enc: W,
    W_dec: W,
    b_enc: new Float32Array(dIn).fill(bias),
    b_dec: new Float32Array(dIn),
    apply_b_dec_to_input: false,
    normalize_activations: "none",
    metadata: {},
  };
  const forward = await SaeForward.create(pool, sae);
  return { name, sae, reconstruct: (x, into) => forward.reconstruct(x, into) };
}

function randomTokens(contexts: number, vocabulary: number): TokenSplit {
  const random = Random.of(1, "tokens");
  const text = Int32Array.from({ length: contexts * context }, () => random.integer(vocabulary));
  return {
    contexts,
    context,
    read(first, count, into = new Int32Array(count * context)) {
      into.set(text.subarray(first * context, (first + count) * context));
      return into;
    },
  };
}
