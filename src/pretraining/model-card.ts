/** `README.md` beside the weights: what the model is, what it was trained on, how good it is and against what. */

import { join } from "node:path";
import { writeAtomic } from "../files/atomic.ts";
import type { ModelConfig } from "../model/config.ts";
import type { TokenManifest } from "../text/manifest.ts";
import type { PretrainRequest, PretrainResult } from "./request.ts";

const CURVE_POINTS = 16;

export function writeModelCard(
  folder: string,
  config: ModelConfig,
  { data, options, threads }: PretrainRequest,
  result: PretrainResult,
  manifest: TokenManifest,
  curve: readonly Record<string, unknown>[],
): void {
  const { baselines, bits_per_byte: kinds } = result;
  const measured = curve.filter((line) => line["kind"] === "pretrain");
  const stride = Math.max(1, Math.floor(measured.length / CURVE_POINTS));
  const shown = measured.filter((_, i) => i % stride === 0 || i === measured.length - 1);
  const number = (value: unknown, digits = 3) => Number(value).toFixed(digits);
  const millions = (value: unknown) => `${(Number(value) / 1e6).toFixed(1)} M`;
  const text = `# A ${config.nLayer}-layer GPT-2 with ${config.dMlp} ${options.activation} neurons

A source model for dictionary learning, trained from scratch by \`monosemantic pretrain\`. It is small and briefly trained: it
knows kinds of text, words and short patterns, not facts.

| | |
|---|---|
| layers, width, heads, MLP neurons | ${config.nLayer}, ${config.dModel}, ${config.nHead}, ${config.dMlp} (${options.activation}) |
| parameters | ${result.parameters.toLocaleString("en")} (float16, unembedding tied) |
| tokenizer | byte-level BPE, ${config.vocabSize.toLocaleString("en")} tokens, trained on the same text |
| context | ${config.context} tokens, the first one \`<|endoftext|>\` |
| text | ${data.map((source) => `\`${source}\``).join(", ")}: ${manifest.train.documents.toLocaleString("en")} documents, ${millions(manifest.train.tokens)} tokens |
| held out | ${manifest.heldout.documents.toLocaleString("en")} other documents, ${millions(manifest.heldout.tokens)} tokens (by document hash) |
| trained on | ${millions(result.tokens)} tokens, ${(result.tokens / result.train_tokens_available).toFixed(2)} passes |
| optimiser | AdamW, peak ${options.lr}, ${options.warmup} steps of warm-up, cosine to ${options.lrFloor}x, batch ${options.batch}x${options.context}, weight decay ${options.weightDecay}, clip ${options.clip}, seed ${options.seed} |
| time | ${(result.seconds / 60).toFixed(0)} minutes with ${threads} threads, other work on the machine included |

## Held-out loss

| | nats a token |
|---|---|
| this model | ${number(result.validation_loss)} |
| bigram (Dirichlet, α = ${baselines.alpha}) | ${number(baselines.bigram)} |
| unigram | ${number(baselines.unigram)} |

| tokens seen | training loss of the step | held-out loss (first contexts) |
|---|---|---|
${shown.map((line) => `| ${millions(line["tokens"])} | ${number(line["loss"])} | ${number(line["validation"])} |`).join("\n")}

## By kind of text

| kind | contexts | nats a token | bits a byte |
|---|---|---|---|
${kinds.map((kind) => `| ${kind.kind} | ${kind.contexts} | ${number(kind.loss)} | ${number(kind.bits_per_byte)} |`).join("\n")}
`;
  writeAtomic(join(folder, "README.md"), text);
}
