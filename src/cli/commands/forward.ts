/** `monosemantic forward`: one text through the model, every number on the way in one file. */

import { z } from "zod";
import { Failure, UsageError } from "../../errors.ts";
import { readText } from "../../files/read.ts";
import { type WritableTensor, writeSafetensors } from "../../files/safetensors-write.ts";
import type { SourceModel } from "../../model/load.ts";
import { type CommandResult, defineCommand } from "../command.ts";
import { quantity } from "../progress.ts";
import { hubOptions, MACHINE, MODEL } from "../sections.ts";

const INPUT = z.object({
  text: z.string().optional().describe("the text itself").meta({ verbatim: true }),
  textFile: z.string().optional().describe("a UTF-8 file with the text").meta({ placeholder: "FILE" }),
  tokens: z
    .array(z.int().nonnegative())
    .min(1)
    .optional()
    .describe("token ids as they are, without any text or BOS"),
  bos: z.boolean().default(true).describe("put the BOS token before the text, as TransformerLens does"),
  maxTokens: z.int().positive().optional().describe("use the first N tokens of the text, BOS included"),
});

const OUTPUT = z.object({
  hooks: z
    .array(z.string().min(1))
    .default([])
    .describe("hook points to write, such as blocks.0.mlp.hook_post; all for every one")
    .meta({ placeholder: "NAME,…" }),
  out: z.string().min(1).describe("file to write").meta({ placeholder: "F.safetensors" }),
});

export const forwardCommand = defineCommand({
  name: "forward",
  summary: "run a text through a model and write logits, losses and activations",
  description: `Runs one text through a source model and writes a safetensors file with
    "tokens" [n] (int32, BOS first), "logits" [n, vocab], "loss" [n − 1] (−log p of each next token, in nats) and the
    activation at each hook point under its name: [n, width], and [n, head, d_head] for attn.hook_z.
    Hook points of layer L, in the order in which they are computed: blocks.L. followed by hook_resid_pre, attn.hook_z,
    hook_attn_out, hook_resid_mid, mlp.hook_pre, mlp.hook_post, hook_mlp_out, hook_resid_post.`.replaceAll(
    /\n +/g,
    " ",
  ),
  examples: [
    {
      what: "the MLP activations of the last layer of DistilGPT-2",
      command:
        'monosemantic forward --model distilbert/distilgpt2 --text "The cat" --hooks blocks.5.mlp.hook_post --out cat.safetensors',
    },
    {
      what: "losses of the first 512 tokens of a file",
      command:
        "monosemantic forward --model models/mine --text-file a.txt --max-tokens 512 --out a.safetensors",
    },
  ],
  sections: {
    model: MODEL,
    input: { title: "Input (one of --text, --text-file, --tokens)", schema: INPUT },
    output: { title: "Output", schema: OUTPUT },
    machine: MACHINE,
  },
  async run({ model: source, input, output, machine }, { signal }): Promise<CommandResult> {
    const [{ Engine }, { forward }, { hookPoints }, { loadModel }] = await Promise.all([
      import("../../engine/engine.ts"),
      import("../../model/forward.ts"),
      import("../../model/hooks.ts"),
      import("../../model/load.ts"),
    ]);
    const text = givenText(input);
    const model = await loadModel(source.model, hubOptions(source));
    const tokens = text === undefined ? checkedTokens(input.tokens!, model) : tokenise(text, input, model);
    const hooks = output.hooks.includes("all")
      ? hookPoints(model.config).map(({ name }) => name)
      : output.hooks;
    signal.throwIfAborted();
    const engine = await Engine.start({ threads: machine.threads });
    try {
      const { logits, loss, activations } = await forward(engine, model, tokens, hooks);
      signal.throwIfAborted();
      const tensors: Record<string, WritableTensor> = {
        tokens: { dims: [tokens.length], data: tokens },
        logits,
        loss,
        ...Object.fromEntries(activations),
      };
      writeSafetensors(output.out, tensors);
      return summary(output.out, tensors, loss.data);
    } finally {
      await engine.close();
    }
  },
});

type Input = z.output<typeof INPUT>;

/** The text to tokenise; undefined when token ids are given instead. */
function givenText({ text, textFile, tokens }: Input): string | undefined {
  const given = [text, textFile, tokens].filter((value) => value !== undefined).length;
  if (given !== 1) {
    throw new UsageError(
      `${given === 0 ? "no input is given" : "more than one input is given"}: give one of --text, --text-file and --tokens`,
    );
  }
  return textFile === undefined ? text : readText(textFile, "the text of --text-file");
}

function tokenise(text: string, { bos, maxTokens }: Input, model: SourceModel): Int32Array {
  const { tokenizer } = model;
  if (tokenizer === undefined) {
    throw new Failure(
      `${model.name} has no tokenizer.json, so text means nothing to it: give ids with --tokens 1,2,3`,
    );
  }
  const ids = tokenizer.encode(text);
  const all = bos ? Int32Array.of(tokenizer.bosId, ...ids) : ids;
  return maxTokens === undefined ? all : all.slice(0, maxTokens);
}

function checkedTokens(tokens: readonly number[], { name, config }: SourceModel): Int32Array {
  const alien = tokens.find((id) => id >= config.vocabSize);
  if (alien !== undefined) {
    throw new UsageError(
      `--tokens: ${alien} is no token of ${name}, whose vocabulary has ${config.vocabSize}`,
    );
  }
  return Int32Array.from(tokens);
}

function summary(
  out: string,
  tensors: Readonly<Record<string, WritableTensor>>,
  loss: Float32Array,
): CommandResult {
  const mean = loss.length === 0 ? null : loss.reduce((sum, value) => sum + value, 0) / loss.length;
  const shapes = Object.entries(tensors).map(([name, { dims }]) => `  ${name} [${dims.join(", ")}]`);
  const bytes = Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
  const said = mean === null ? "no next token to predict" : `mean loss ${mean.toFixed(4)} nats`;
  return {
    text: [`${out}: ${quantity(bytes)} bytes, ${said}`, ...shapes].join("\n"),
    json: {
      out,
      mean_loss: mean,
      tensors: Object.fromEntries(Object.entries(tensors).map(([name, { dims }]) => [name, dims])),
    },
  };
}
