/** The shape of DistilGPT-2, which the benchmarks fill with random weights. */

import type { ModelConfig } from "../src/model/config.ts";

export const DISTILGPT2: ModelConfig = {
  nLayer: 6,
  nHead: 12,
  dModel: 768,
  dHead: 64,
  dMlp: 3072,
  vocabSize: 50257,
  context: 1024,
  activation: "gelu_tanh",
  layerNormEpsilon: 1e-5,
  tieWordEmbeddings: true,
  bosId: 50256,
  eosId: 50256,
};
