/**
 * GPT-2's initialisation: weights N(0, 0.02²), the projections that write to the residual stream divided by √(2·layers),
 * biases 0, layer-norm scales 1 (Radford et al. 2019, §2.3).
 */

import { sharedFloats, sizeOf } from "../engine/tensor.ts";
import type { ModelConfig } from "../model/config.ts";
import { parameterShapes } from "../model/weights.ts";
import { Random } from "../random.ts";

const STD = 0.02;

export function initialise(config: ModelConfig, seed: number): Record<string, Float32Array> {
  const weights: Record<string, Float32Array> = {};
  for (const [name, dims] of parameterShapes(config)) {
    const data = sharedFloats(sizeOf(dims));
    if (dims.length === 1) data.fill(/ln_\w+\.weight$/.test(name) ? 1 : 0);
    else {
      const random = Random.of(seed, name);
      const std = name.endsWith("c_proj.weight") ? STD / Math.sqrt(2 * config.nLayer) : STD;
      for (let i = 0; i < data.length; i++) data[i] = std * random.normal();
    }
    weights[name] = data;
  }
  return weights;
}
