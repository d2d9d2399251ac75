/** `monosemantic pretrain`: a GPT-2 and its tokenizer from scratch, so that there is a model to take apart. */

import { z } from "zod";
import { pretrainOptions } from "../../pretraining/options.ts";
import { defineCommand } from "../command.ts";
import type { Phase } from "../progress.ts";
import { MACHINE, TEXT } from "../sections.ts";

export const pretrainCommand = defineCommand({
  name: "pretrain",
  summary: "train a small GPT-2 and its tokenizer on your text",
  description:
    `Trains a byte-level BPE tokenizer and a GPT-2 on the same text, with AdamW, warm-up and cosine decay in
    float32. The defaults are the subject model of Bricken et al. 2023: one layer, 128 wide, 512 ReLU neurons.
    The folder that --out names holds config.json, model.safetensors, tokenizer.json and a model card with the losses
    beside unigram and bigram baselines; every other command takes it as --model. Token shards and checkpoints are in
    its work folder: after an interruption the same command goes on where it was.`.replaceAll(/\n +/g, " "),
  examples: [
    {
      what: "the paper's shape on the default text",
      command: "monosemantic pretrain --out models/one-layer --tokens 50M",
    },
    {
      what: "four layers with GELU on your own text",
      command:
        "monosemantic pretrain --data books/ --layers 4 --d-model 256 --d-mlp 1024 --activation gelu --out models/mine",
    },
  ],
  sections: {
    text: TEXT,
    options: { title: "Model and training", schema: pretrainOptions },
    output: {
      title: "Output",
      schema: z.object({
        out: z.string().min(1).describe("folder of the finished model").meta({ placeholder: "FOLDER" }),
      }),
    },
    machine: MACHINE,
  },
  async run({ text, options, output, machine }, { signal, progress }) {
    const { pretrain } = await import("../../pretraining/pretrain.ts");
    let phase: Phase | undefined;
    const result = await pretrain(
      { ...text, out: output.out, threads: machine.threads, options },
      {
        signal,
        onPhase(name) {
          phase?.end();
          phase = name === "training" ? progress.phase(name, options.tokens, "tokens") : progress.phase(name);
        },
        onProgress({ tokens, loss, validation }) {
          const held = validation === undefined ? "" : `, held out ${validation.toFixed(3)}`;
          phase?.update(tokens, `loss ${loss.toFixed(3)}${held}`);
        },
      },
    );
    phase?.end();
    return {
      text: `${output.out}: ${result.parameters} parameters, validation loss ${result.validation_loss.toFixed(4)} nats a token`,
      json: { out: output.out, ...result },
    };
  },
});
