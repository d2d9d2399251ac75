/** Groups of options that several commands share and that no single module below the command line owns. */

import { availableParallelism } from "node:os";
import { z } from "zod";
import type { Section } from "./command.ts";

export const MODEL = {
  title: "Source model",
  schema: z.object({
    model: z
      .string()
      .min(1)
      .describe("folder in Hugging Face layout (config.json, model.safetensors, tokenizer.json), or a hub id")
      .meta({ placeholder: "FOLDER|ID" }),
  }),
} satisfies Section;

export const MACHINE = {
  title: "Machine",
  schema: z.object({
    threads: z
      .int()
      .positive()
      .max(512)
      .default(availableParallelism())
      .describe("CPU threads; results are the same bits for the same number of threads only"),
  }),
} satisfies Section;
