/** A command with every kind of option that a flag can express, for tests of the frame alone. */

import { z } from "zod";
import { defineCommand } from "../../src/cli/command.ts";

export const toy = defineCommand({
  name: "toy",
  summary: "nothing, with every kind of option",
  description: "Does nothing.\nLeaves nothing behind.",
  examples: [{ command: "monosemantic toy --name x", what: "the least" }],
  positional: "folder",
  sections: {
    first: {
      title: "First",
      schema: z.object({
        name: z.string().describe("a word"),
        folder: z.string().optional().describe("a place"),
        tokens: z.int().positive().default(5_000_000).describe("how many tokens"),
        learningRate: z.number().positive().max(1).optional().describe("step size"),
        expansion: z.array(z.number().positive()).min(1).default([8]).describe("widths"),
        data: z.array(z.string()).default([]).describe("texts"),
      }),
    },
    second: {
      title: "Second",
      schema: z
        .object({
          preset: z.enum(["bricken-2023", "neel-2023"]).default("bricken-2023").describe("recipe"),
          normalise: z.boolean().default(true).describe("scale the activation"),
          verbose: z.boolean().default(false).describe("talk"),
          threads: z
            .union([z.literal("auto"), z.int().positive()])
            .default("auto")
            .describe("how many threads"),
          lambda: z
            .union([z.number().nonnegative(), z.array(z.number().nonnegative())])
            .optional()
            .describe("penalty"),
          b_dec_init: z.enum(["zero", "mean"]).default("zero").describe("start of b_dec"),
          text: z.string().optional().describe("any text").meta({ verbatim: true }),
        })
        .refine(({ lambda, threads }) => lambda === undefined || threads !== 7, {
          error: "--lambda does not go with --threads 7: leave one of them out",
        }),
    },
  },
  run: async (options) => ({ text: "done", json: options }),
});
