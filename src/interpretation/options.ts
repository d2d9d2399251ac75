/** What `monosemantic explain` can be asked for without a language model, with the field's usual numbers as defaults. */

import { z } from "zod";

export const SAMPLING_RULES = ["all", "uniform", "stratified"] as const;

export const interpretationOptions = z.object({
  explainTokens: z
    .int()
    .positive()
    .default(2_000_000)
    .describe(
      "tokens of the run's text on which features are explained and scored, held-out ones first; a feature that is active on fewer than 20 of those that are scored on gets no score",
    ),
  controlUnits: z
    .int()
    .min(0)
    .default(128)
    .describe(
      "neurons, random directions and features of the shuffled-weights dictionary that are explained and scored as controls, of each at most this many",
    ),
  controlTokens: z
    .int()
    .min(0)
    .optional()
    .describe(
      "tokens that the dictionary of the shuffled-weights control is trained on (default: as many as the run's own; 0: no such control); it is trained once and kept in the run's folder",
    ),
});

export type InterpretationOptions = z.output<typeof interpretationOptions>;
