/**
 * Pinned sampling (Bricken et al. 2023): text sampled while a unit is held at a multiple of its maximum at every token, and read back by
 * the model as it is. A unit that the model uses to say what it stands for makes text in which it is active.
 *
 *     x′ = x + s(x) (value − f(x)) d        at all tokens, those of the prompt included
 *
 * All texts that continue one prompt are sampled with the same random numbers, so a pinned text differs from the plain one only by what
 * the pin does. Texts of all units are stepped together: a step costs about what it takes to read the weights once.
 */

import type { Engine } from "../../engine/engine.ts";
import { rowScale, type Units } from "../../features/units.ts";
import { type CutModel, openCut } from "../../model/cut.ts";
import { sampleToken } from "../../model/sampling.ts";
import { openStepper } from "../../model/stepper.ts";
import { Random } from "../../random.ts";
import type { SparseActivations } from "../../sae/forward.ts";

/** Sequences that are stepped together, and numbers in their logits. */
const SEQUENCES = 64;
const LOGITS = 2 ** 22;

/** Tokens read back in one pass. */
const READ_TOKENS = 2048;

export interface PinnedRequest {
  /** With one worker: see `openStepper`. */
  readonly engine: Engine;
  readonly model: CutModel;
  readonly hook: string;
  readonly units: Units;
  /** Numbers of the units, and what each is held at. */
  readonly chosen: readonly number[];
  readonly values: readonly number[];
  /** All of the same length. */
  readonly prompts: readonly Int32Array[];
  /** Tokens to sample after each. */
  readonly tokens: number;
  readonly seed: number;
  readonly onProgress?: (texts: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Texts of one unit, or of none. */
export interface SampledTexts {
  /** What was sampled [prompts, tokens]. */
  readonly sampled: Int32Array;
  /** Mean over prompts of KL(p ‖ p pinned) of the first token after them; 0 for the plain texts. */
  readonly kl: number;
  /** Of each chosen unit, the share of the sampled tokens on which it is active when they are read back. */
  readonly active: Float64Array;
}

export interface PinnedTexts {
  readonly plain: SampledTexts;
  /** In the order of `chosen`. */
  readonly pinned: readonly SampledTexts[];
}

interface Sequence {
  /** Place among the chosen; −1 for the plain text. */
  readonly place: number;
  readonly prompt: number;
}

/** The same request gives the same bits. */
export async function pinnedTexts(request: PinnedRequest): Promise<PinnedTexts> {
  const { engine, model, hook, chosen, prompts, tokens, onProgress, signal } = request;
  const { vocabSize } = model.config;
  const room = Math.max(prompts.length, Math.min(SEQUENCES, Math.floor(LOGITS / vocabSize)));
  const together = Math.min(chosen.length + 1, Math.max(1, Math.floor(room / prompts.length)));
  const start = prompts[0]!.length;
  const stepper = await openStepper(engine, model, hook, {
    batch: together * prompts.length,
    // The last token is sampled, and not read.
    capacity: Math.max(start, start + tokens - 1),
  });
  const texts: { sampled: Int32Array; first: Float32Array[] }[] = [];
  try {
    for (let from = -1; from < chosen.length; from += together) {
      signal?.throwIfAborted();
      // Places behind the last unit are filled up with plain text, which is dropped.
      const group = Array.from({ length: together }, (_, i) => from + i);
      const sequences = group.flatMap((place): Sequence[] =>
        prompts.map((_, prompt) => ({ place: place < chosen.length ? place : -1, prompt })),
      );
      const found = await sampleGroup(request, stepper, sequences);
      texts.push(...found.slice(0, Math.min(together, chosen.length - from)));
      onProgress?.(texts.length * prompts.length);
    }
  } finally {
    await stepper.close();
  }
  const active = await readBack(
    request,
    texts.map(({ sampled }) => sampled),
  );
  const results = texts.map(({ sampled, first }, i): SampledTexts => ({
    sampled,
    active: active[i]!,
    kl:
      first.reduce((sum, logits, prompt) => sum + divergenceOf(texts[0]!.first[prompt]!, logits), 0) /
      prompts.length,
  }));
  const [plain, ...pinned] = results;
  return { plain: plain!, pinned };
}

async function sampleGroup(
  request: PinnedRequest,
  stepper: Awaited<ReturnType<typeof openStepper>>,
  sequences: readonly Sequence[],
): Promise<{ sampled: Int32Array; first: Float32Array[] }[]> {
  const { prompts, tokens, seed } = request;
  const sampled = sequences.map(() => new Int32Array(tokens));
  const first: Float32Array[] = [];
  const randoms = sequences.map(({ prompt }) => Random.of(seed, `continuation of prompt ${prompt}`));
  const change = (activation: Float32Array) => pin(request, activation, sequences);
  stepper.reset();
  let next = Int32Array.from(sequences.flatMap(({ prompt }) => Array.from(prompts[prompt]!)));
  for (let t = 0; t < tokens; t++) {
    const logits = await stepper.prefill(next, change);
    const vocab = logits.length / sequences.length;
    next = Int32Array.from(sequences, (_, i) => {
      const own = logits.subarray(i * vocab, (i + 1) * vocab);
      if (t === 0) first.push(own.slice());
      return sampleToken(own, { temperature: 1, topP: 1 }, randoms[i]!);
    });
    next.forEach((token, i) => (sampled[i]![t] = token));
  }
  const count = prompts.length;
  return Array.from({ length: sequences.length / count }, (_, i) => ({
    sampled: Int32Array.from(sampled.slice(i * count, (i + 1) * count).flatMap((one) => Array.from(one))),
    first: first.slice(i * count, (i + 1) * count),
  }));
}

/** Holds each sequence's unit at its value. @param activation [sequences · n, d_in], changed in place */
async function pin(
  { units, chosen, values }: PinnedRequest,
  activation: Float32Array,
  sequences: readonly Sequence[],
): Promise<void> {
  const { dIn } = units;
  const n = activation.length / dIn / sequences.length;
  // All are encoded at once where one alone cannot be.
  const all = units.chosen ? undefined : await units.encode(activation);
  sequences.forEach(({ place }, s) => {
    if (place < 0) return;
    const unit = chosen[place]!;
    const direction = units.direction(unit);
    const rows = activation.subarray(s * n * dIn, (s + 1) * n * dIn);
    const alone = units.chosen?.(rows, [unit]);
    for (let i = 0; i < n; i++) {
      const row = rows.subarray(i * dIn, (i + 1) * dIn);
      const f = alone ? alone[i]! : valueAt(all!, s * n + i, unit);
      const coefficient = rowScale(units, row) * (values[place]! - f);
      for (let k = 0; k < dIn; k++) row[k]! += coefficient * direction[k]!;
    }
  });
}

function valueAt({ rowOffsets, indices, values }: SparseActivations, row: number, unit: number): number {
  for (let e = rowOffsets[row]!; e < rowOffsets[row + 1]!; e++) if (indices[e] === unit) return values[e]!;
  return 0;
}

/** Of each text [prompts, tokens], the share of its tokens on which each chosen unit is active. */
async function readBack(
  { engine, model, hook, units, chosen, prompts, tokens }: PinnedRequest,
  texts: readonly Int32Array[],
): Promise<Float64Array[]> {
  const start = prompts[0]!.length;
  const context = start + tokens;
  const batch = Math.max(1, Math.floor(READ_TOKENS / context));
  const cut = await openCut(engine, model, hook, { batch, context });
  const placeOf = new Map(chosen.map((unit, place) => [unit, place]));
  const shares = texts.map(() => new Float64Array(chosen.length));
  const sequences = texts.flatMap((sampled, text) =>
    prompts.map((prompt, p) => ({
      text,
      ids: [...prompt, ...sampled.subarray(p * tokens, (p + 1) * tokens)],
    })),
  );
  try {
    for (let first = 0; first < sequences.length; first += batch) {
      const here = sequences.slice(first, first + batch);
      const fed = new Int32Array(batch * context);
      here.forEach(({ ids }, i) => fed.set(ids, i * context));
      const { activation } = await cut.prefix(fed);
      const { rowOffsets, indices } = await units.encode(
        activation.subarray(0, here.length * context * units.dIn),
      );
      here.forEach(({ text }, i) => {
        for (let row = i * context + start; row < (i + 1) * context; row++) {
          for (let e = rowOffsets[row]!; e < rowOffsets[row + 1]!; e++) {
            const place = placeOf.get(indices[e]!);
            if (place !== undefined) shares[text]![place]! += 1 / (prompts.length * tokens);
          }
        }
      });
    }
    return shares;
  } finally {
    await cut.close();
  }
}

/** KL(p ‖ q) from the logits of both, nats. */
export function divergenceOf(p: Float32Array, q: Float32Array): number {
  const [zp, zq] = [logSumExp(p), logSumExp(q)];
  let sum = 0;
  for (let v = 0; v < p.length; v++) {
    const logP = p[v]! - zp;
    sum += Math.exp(logP) * (logP - (q[v]! - zq));
  }
  return Math.max(0, sum);
}

function logSumExp(logits: Float32Array): number {
  let top = -Infinity;
  for (const logit of logits) top = Math.max(top, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - top);
  return top + Math.log(sum);
}
