/** What `monosemantic features` can be asked for, with the field's usual numbers as defaults. */

import { z } from "zod";
import { PROXY_OPTIONS } from "./proxies/options.ts";

export const analysisOptions = z.object({
  featuresTokens: z
    .int()
    .positive()
    .default(10_000_000)
    .describe(
      "tokens of the run's text to analyse, held-out ones first, as many as there are; a density below one over this cannot be seen",
    ),
  neurons: z
    .boolean()
    .default(true)
    .describe("analyse the model's own neurons too, as the control that features are compared with"),
  neuronTokens: z
    .int()
    .positive()
    .default(1_000_000)
    .describe(
      "about how many of these tokens neurons are analysed on: they are dense, so each token costs far more than with features",
    ),
  ablations: z
    .int()
    .min(0)
    .default(5)
    .describe(
      "top contexts of each feature and neuron on which its ablation is computed now; the explorer computes the others when they are looked at",
    ),
  map: z.boolean().default(true).describe("lay out the decoder directions on a map (UMAP)"),
  ...PROXY_OPTIONS.shape,
});

export type AnalysisOptions = z.output<typeof analysisOptions>;
