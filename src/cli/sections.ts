/** Groups of options that several commands share and that no single module below the command line owns. */

import { availableParallelism } from "node:os";
import { z } from "zod";
import { ROW_DTYPES } from "../activations/row-format.ts";
import { DEVICES } from "../engine/devices.ts";
import type { Section } from "./command.ts";

export const MODEL = {
  title: "Source model",
  schema: z.object({
    model: z
      .string()
      .min(1)
      .describe(
        "folder in Hugging Face layout (config.json, model.safetensors, tokenizer.json), or OWNER/NAME on the hub",
      )
      .meta({ placeholder: "FOLDER|ID" }),
    revision: z
      .string()
      .min(1)
      .optional()
      .describe("branch, tag or commit of a model on the hub (default: main)")
      .meta({ placeholder: "REV" }),
    offline: z
      .boolean()
      .default(false)
      .describe("use nothing from the hub but what is in its cache (also HF_HUB_OFFLINE=1)"),
  }),
} satisfies Section;

/** As the hub's functions take them: an option that is not given is left to the environment. */
export function hubOptions({ revision, offline }: z.output<typeof MODEL.schema>): {
  revision?: string;
  offline?: true;
} {
  return { ...(revision !== undefined && { revision }), ...(offline && { offline }) };
}

/** Of the explorer; the next free one when it is taken. */
export const DEFAULT_PORT = 7331;

/** On this machine. Each is several threads with memory of their own: 512 of them take 11 GB before the work begins. */
export const MOST_THREADS = Math.max(64, 4 * availableParallelism());

export const MACHINE = {
  title: "Machine",
  schema: z.object({
    threads: z.int().positive().max(MOST_THREADS).default(availableParallelism()).describe("CPU threads"),
  }),
} satisfies Section;

/** For commands that run the model over a text or train on it. */
export const DEVICE = {
  title: MACHINE.title,
  schema: MACHINE.schema.extend({
    device: z
      .enum(DEVICES)
      .default("cpu")
      .describe(
        "where the model runs and dictionaries are trained: the CPU, or a GPU by ONNX Runtime's CUDA provider (a download of " +
          "its own) or its WebGPU provider; how fast either is has not been measured",
      ),
  }),
} satisfies Section;

export const TEXT = {
  title: "Text",
  schema: z.object({
    data: z
      .array(z.string().min(1))
      .min(1)
      .default(["default"])
      .describe(
        "text, .jsonl or .parquet files (also .gz, .zst), folders, globs, hf://datasets/OWNER/NAME[@REV][/GLOB], or default: " +
          "the text of the packages this one was installed with",
      )
      .meta({ placeholder: "PATH,…" }),
    textTokens: z
      .int()
      .positive()
      .optional()
      .describe("use at most this many tokens of the text for training (default: as many as are trained on)"),
    heldoutShare: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.05)
      .describe("share of the documents kept away from training, chosen by a hash of their content"),
  }),
} satisfies Section;

/** Which columns of JSONL and Parquet records are read. */
export const RECORDS = {
  title: "Records (JSONL, Parquet)",
  schema: z.object({
    textColumn: z.string().min(1).optional().describe("column that holds the text (default: text)"),
    tokensColumn: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Parquet column that holds token ids made with the model's own tokenizer: no text is read then",
      ),
    kindColumn: z
      .string()
      .min(1)
      .optional()
      .describe(
        "column that says what kind of text it is, such as meta.pile_set_name; the report counts by it",
      ),
  }),
} satisfies Section;

export const HOOK = {
  title: "Activations",
  schema: z.object({
    hook: z
      .string()
      .optional()
      .describe("hook point, such as blocks.0.mlp.hook_post (default: the last layer's mlp.hook_post)")
      .meta({ placeholder: "NAME" }),
    context: z
      .int()
      .min(2)
      .optional()
      .describe(
        "tokens in a context, BOS included (default: 128, or the model's positions if these are fewer)",
      ),
    bufferMb: z
      .number()
      .positive()
      .default(512)
      .describe("memory of the buffer in which activations are shuffled, in MB"),
    whenTextEnds: z
      .enum(["epoch", "stop", "same-buffer"])
      .default("epoch")
      .describe(
        "when there are fewer tokens than asked for: go through the text again in a new order, refuse to begin, or hand " +
          "out the last buffer for ever (what the 2023 program does; only to show the harm)",
      ),
  }),
} satisfies Section;

export const CACHE = {
  title: "Activations on disk",
  schema: z
    .object({
      cache: z
        .string()
        .min(1)
        .optional()
        .describe(
          "folder in which the activations are kept: the model runs over the text once, and every later run on the same " +
            "model, hook, text and --context reads them from there; takes 4 · d_in bytes a token (f32), said beforehand",
        )
        .meta({ placeholder: "FOLDER" }),
      cacheDtype: z
        .enum(ROW_DTYPES)
        .optional()
        .describe(
          "numbers of a new cache; with f32 dictionaries are the same to the bit as without it, the others take half the " +
            "space and round: to 8 bits (bf16), or to 11 within ±65,504 (f16)",
        ),
    })
    .refine(({ cache, cacheDtype }) => cache !== undefined || cacheDtype === undefined, {
      error: "--cache-dtype says how a cache is written: name its folder with --cache, or leave both out",
    }),
  defaults: (key) => (key === "cacheDtype" ? "that of the cache, f32 for a new one" : undefined),
} satisfies Section;

export const EVALUATION = {
  title: "Evaluation",
  schema: z.object({
    evaluationTokens: z
      .int()
      .positive()
      .default(200_000)
      .describe("held-out tokens to evaluate on; the smallest density that can be seen is one over this"),
    evaluateAt: z
      .array(z.int().positive())
      .default([])
      .describe("training tokens after which to evaluate on the way, such as 2M,5M; written to metrics.jsonl")
      .meta({ placeholder: "TOKENS,…" }),
  }),
} satisfies Section;

/** For commands that leave a run directory. */
export const RUN = {
  title: "Run directory",
  schema: z.object({
    out: z
      .string()
      .min(1)
      .optional()
      .describe("folder for everything the run leaves (default: a new one under runs/)")
      .meta({ placeholder: "FOLDER" }),
    resume: z
      .boolean()
      .default(false)
      .describe(
        "go on with the interrupted run in --out, from its last checkpoint; its options have to be the same",
      ),
    checkpointMinutes: z
      .number()
      .positive()
      .default(5)
      .describe("minutes between checkpoints: what a crash can cost at most"),
  }),
} satisfies Section;

/** For commands that read a run directory. */
export const OF_RUN = z.object({
  run: z.string().min(1).describe("the run directory: what --out named").meta({ placeholder: "FOLDER" }),
});

/** For those that can do with some of its dictionaries. */
export const OF_SAES = OF_RUN.extend({
  sae: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("names of its dictionaries (default: all)")
    .meta({ placeholder: "NAME,…", verbatim: true }),
});

/** For those that also run its model. */
export const OF_SAES_AND_MODEL = OF_SAES.extend({
  model: z
    .string()
    .min(1)
    .optional()
    .describe("where the model is, when it is no longer where run.json says")
    .meta({ placeholder: "FOLDER|ID" }),
});
