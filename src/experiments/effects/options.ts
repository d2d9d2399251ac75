/** How much is measured of how many units. The defaults take under a minute for a dictionary of the model that comes with the package. */

import { z } from "zod";

export const effectsOptions = z.object({
  features: z
    .int()
    .min(1)
    .default(50)
    .describe("features to measure, drawn uniformly; as many neurons and random directions beside them"),
  seed: z.int().min(0).default(0).describe("seed of all that is drawn"),
  minActive: z
    .int()
    .min(1)
    .default(20)
    .describe("leave out units active on fewer held-out tokens: nothing can be averaged over those"),
  effectsTokens: z
    .int()
    .positive()
    .default(1_000_000)
    .describe("tokens of text in which next tokens are counted, held-out ones first"),
  ablationContexts: z
    .int()
    .min(1)
    .default(24)
    .describe("held-out contexts from which each unit is taken away"),
  prompts: z
    .int()
    .min(1)
    .default(4)
    .describe(
      "prompts that are continued with each unit pinned: that of Bricken et al. 2023, the others held-out text",
    ),
  sampledTokens: z.int().min(1).default(32).describe("tokens that each prompt is continued by"),
  pin: z
    .number()
    .positive()
    .default(1)
    .describe("value that units are pinned at, as a multiple of their maximum in the text"),
});

export type EffectsOptions = z.infer<typeof effectsOptions>;
