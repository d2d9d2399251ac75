/** Experiments in the page's terms: text in, text out, with a separator before it as every context of the training text has. */

import { ablate } from "../../experiments/ablation.ts";
import { attribute } from "../../experiments/attribution.ts";
import { generate } from "../../experiments/generate.ts";
import { intervene } from "../../experiments/interventions.ts";
import { substitute } from "../../experiments/substitution.ts";
import { featuresOfText } from "../../experiments/text-features.ts";
import { neuronUnits, type Units } from "../../features/units.ts";
import type { StoredAblation } from "../../store/store.ts";
import type { Ablation, Attribution, GenerationEvent, GenerationRequest, TextAnalysis } from "../api.ts";
import { short, shownAblation } from "../answers.ts";
import { HttpFailure } from "./http-failure.ts";
import type { Bench, SaeBench } from "./workbench.ts";

/** Next tokens listed as lowered, and as raised. */
const CHANGES = 5;
/** Features of a token in an answer, the strongest: a dictionary that failed may have thousands. */
const MOST_FEATURES = 200;
/** Features of an attribution, those with the largest effect, and those of them that are checked by ablation. */
const MOST_ATTRIBUTED = 40;
const CHECKED = 10;

/** A few words on each feature. */
export type Words = (indices: readonly number[]) => readonly string[];

export async function analyseText(bench: SaeBench, text: string, words: Words): Promise<TextAnalysis> {
  const { live, units, forward, source } = bench;
  const { ids, cut } = tokensOf(bench, text);
  const { rowOffsets, indices, values } = await featuresOfText(live, units, ids);
  const { clean, reconstructed, ablated } = await substitute(live, forward, ids);
  const features = Array.from(ids, (_, t) => {
    const own = Array.from(indices.subarray(rowOffsets[t], rowOffsets[t + 1]), (index, i) => {
      return [index, short(values[rowOffsets[t]! + i]!)] as const;
    });
    return own.sort((a, b) => b[1] - a[1]).slice(0, MOST_FEATURES);
  });
  const occurring = [...new Set(features.flatMap((own) => own.map(([index]) => index)))];
  const said = words(occurring);
  const losses = (list: Float32Array) => Array.from(list, (loss, t) => (t === 0 ? null : short(loss)));
  return {
    tokens: Array.from(ids, (id) => source.model.tokenizer.tokenText(id)),
    features,
    words: Object.fromEntries(occurring.map((index, i) => [index, said[i] ?? ""])),
    clean: losses(clean),
    reconstructed: losses(reconstructed),
    ablated: losses(ablated),
    cut,
  };
}

/** One unit taken away everywhere in a text. The place says nothing: the text is nowhere stored. */
export async function ablateText(bench: Bench, text: string, index: number): Promise<Ablation> {
  requireUnit(bench.units, index);
  const { ids } = tokensOf(bench, text);
  const result = await ablate(bench.live, bench.units, ids, index, { top: CHANGES });
  const { tokenizer } = bench.source.model;
  return shownAblation({ split: "heldout", context: -1, ...result }, (id) => tokenizer.tokenText(id));
}

/** One unit taken away everywhere in contexts of the text that was analysed. */
export async function ablateContexts(
  bench: Bench,
  contexts: readonly { split: "train" | "heldout"; context: number; tokens: Int32Array }[],
  index: number,
  signal: AbortSignal,
): Promise<StoredAblation[]> {
  requireUnit(bench.units, index);
  const ablations: StoredAblation[] = [];
  for (const { split, context, tokens } of contexts) {
    signal.throwIfAborted();
    const result = await ablate(bench.live, bench.units, tokens, index, { top: CHANGES });
    ablations.push({ split, context, ...result });
  }
  return ablations;
}

export async function attributeText(
  bench: SaeBench,
  text: string,
  position: number,
  words: Words,
): Promise<Attribution[]> {
  const { ids } = tokensOf(bench, text);
  if (position > ids.length - 2) {
    throw new HttpFailure(
      400,
      `position ${position} predicts no token of this text: it has ${ids.length}, the separator at 0 included, and the ` +
        `last one predicts nothing that is known`,
    );
  }
  const found = await attribute(bench.live, bench.units, ids, position, { check: CHECKED });
  const shown = [...found].sort((a, b) => Math.abs(b.direct) - Math.abs(a.direct)).slice(0, MOST_ATTRIBUTED);
  const said = words(shown.map(({ feature }) => feature));
  return shown.map(({ feature, activation, direct, ablated }, i) => ({
    feature,
    activation: short(activation),
    direct: short(direct),
    ablated: ablated === null ? null : short(ablated),
    words: said[i] ?? "",
  }));
}

/** Plain and steered text, told token by token. */
export async function generateTexts(
  bench: SaeBench,
  request: GenerationRequest,
  tell: (event: GenerationEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { tokenizer } = bench.source.model;
  const { interventions, prompt, ...options } = request;
  const steer = intervene(unitsAt(bench), interventions);
  const ids = Int32Array.of(tokenizer.bosId, ...tokenizer.encode(prompt));
  await bench.stepper(2, async (stepper) => {
    if (ids.length > stepper.capacity) {
      throw new HttpFailure(
        400,
        `the prompt has ${ids.length - 1} tokens, and the model has positions for ${stepper.capacity - 1}: give a shorter one`,
      );
    }
    for await (const event of generate(stepper, steer, { prompt: ids, ...options, signal })) {
      if (event.type === "prompt") {
        tell({ type: "prompt", tokens: Array.from(event.tokens, (id) => tokenizer.tokenText(id)) });
      } else if (event.type === "token") {
        tell({ type: "token", which: event.which, token: tokenizer.tokenText(event.token) });
      } else {
        tell({ type: "done", tokensPerSecond: short(event.tokensPerSecond) });
      }
    }
  });
}

/** A text may be longer than the model has positions: what fits is looked at. */
function tokensOf({ live, source }: Bench, text: string): { ids: Int32Array; cut: boolean } {
  const { tokenizer } = source.model;
  const all = tokenizer.encode(text);
  const room = live.maxTokens - 1;
  return { ids: Int32Array.of(tokenizer.bosId, ...all.subarray(0, room)), cut: all.length > room };
}

/** Features, and neurons where the hook point's rows are neurons. */
function unitsAt({ units, hook, live }: SaeBench): Units[] {
  return isNeurons(hook) ? [units, neuronUnits(live.dIn)] : [units];
}

export function isNeurons(hook: string): boolean {
  return hook.endsWith(".mlp.hook_post");
}

function requireUnit({ kind, count }: Units, index: number): void {
  if (index >= count) throw new HttpFailure(404, `there is no ${kind} ${index}, expected 0 to ${count - 1}`);
}
