/**
 * A run directory whose dictionary is known beforehand: detectors of tokens and of a script, built from the weights of the model that
 * comes with the package, on blocks.0.hook_resid_pre, where an activation is an embedding plus a position.
 *
 *     f = relu(W_enc x + b_enc) where it exceeds a threshold     separates its tokens from all others at every position
 *     d = a token's unembedding, mean taken away                 so that the feature says that token
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeJson } from "../../src/files/atomic.ts";
import { loadModel } from "../../src/model/load.ts";
import type { Tokenizer } from "../../src/model/tokenizer.ts";
import { Random } from "../../src/random.ts";
import { describeModel, openSource, tokensFor } from "../../src/run/source.ts";
import { writeSae } from "../../src/sae/saelens.ts";
import { HOME } from "../architecture/imports.ts";

export const PLANTED_HOOK = "blocks.0.hook_resid_pre";
const MODEL = join(HOME, "models", "one-layer");

/** The planted features by number. */
export const PLANTED = {
  function: { index: 0, fires: " function", says: " of" },
  the: { index: 1, fires: " the", says: " number" },
  semicolon: { index: 2, fires: ";", says: "\n" },
  /** The same detector as `the`, said otherwise. */
  twin: { index: 3, fires: " the", says: " error" },
  hangul: { index: 4 },
  dead: { index: 5 },
} as const;
const COUNT = 6;
const CONTEXT = 64;

const KOREAN = "이 영화 너무 재밌어요 연기 스토리 감동 배우 진짜 최고 다시 보고 싶습니다 사용 합니다".split(
  " ",
);
const ENGLISH =
  "the value of function what it returns ; call the function with the error number and return the list of names ; text".split(
    " ",
  );

export interface PlantedRun {
  readonly folder: string;
  readonly tokenizer: Tokenizer;
  /** Ids of the tokens that the Hangul feature fires on. */
  readonly hangul: ReadonlySet<number>;
}

/** @param documents of each language */
export async function plantRun(folder: string, documents = 15): Promise<PlantedRun> {
  const model = await loadModel(MODEL);
  const tokenizer = model.tokenizer!;
  const { dModel, vocabSize } = model.config;
  const wte = model.weights["wte.weight"]!;
  const wpe = model.weights["wpe.weight"]!;
  const row = (token: number) => wte.subarray(token * dModel, (token + 1) * dModel);
  const hangul = new Set(
    KOREAN.flatMap((word) => [...tokenizer.encode(word), ...tokenizer.encode(` ${word}`)]),
  );
  // Other tokens of that script do not occur in the text: what the feature does on them is left open.
  const open = new Set<number>();
  for (let id = 0; id < vocabSize; id++) {
    if (/\p{Script=Hangul}|\\x/u.test(tokenizer.tokenText(id)) && !hangul.has(id)) open.add(id);
  }

  const W_enc = new Float32Array(COUNT * dModel);
  const W_dec = new Float32Array(COUNT * dModel);
  const b_enc = new Float32Array(COUNT).fill(-1);
  const plant = (index: number, fires: ReadonlySet<number>, says: Iterable<number>) => {
    const { direction, bias } = separate(wte, wpe, dModel, CONTEXT, fires, open);
    W_enc.set(direction, index * dModel);
    b_enc[index] = bias;
    W_dec.set(unembedding([...says].map(row), dModel), index * dModel);
  };
  const idOf = (text: string) => {
    const ids = tokenizer.encode(text);
    if (ids.length !== 1) throw new Error(`"${text}" is ${ids.length} tokens`);
    return ids[0]!;
  };
  for (const name of ["function", "the", "semicolon", "twin"] as const) {
    const { index, fires, says } = PLANTED[name];
    plant(index, new Set([idOf(fires)]), [idOf(says)]);
  }
  plant(PLANTED.hangul.index, hangul, hangul);
  W_dec[PLANTED.dead.index * dModel] = 1;

  const texts = join(folder, "text");
  mkdirSync(texts, { recursive: true });
  const random = Random.of(7, "planted text");
  for (let i = 0; i < documents; i++) {
    for (const [language, words] of Object.entries({ korean: KOREAN, english: ENGLISH })) {
      const text = Array.from({ length: 300 }, () => words[random.integer(words.length)])
        .join(" ")
        .replaceAll("function", "function of");
      writeFileSync(join(texts, `${language}-${i}.txt`), text);
    }
  }
  const source = await openSource({ model: MODEL, hook: PLANTED_HOOK, context: CONTEXT });
  await tokensFor(
    source,
    {
      data: [texts],
      heldoutShare: 0.1,
      trainTokens: 10_000_000,
      heldoutTokens: 10_000_000,
      minTrainTokens: 0,
      folder: join(folder, "tokens"),
      threads: 1,
    },
    {},
  );
  writeSae(join(folder, "saes", "planted"), {
    architecture: "standard",
    d_in: dModel,
    d_sae: COUNT,
    W_enc,
    W_dec,
    b_enc,
    b_dec: new Float32Array(dModel),
    apply_b_dec_to_input: false,
    normalize_activations: "none",
    metadata: { hook_name: PLANTED_HOOK, context_size: CONTEXT },
  });
  writeJson(join(folder, "run.json"), {
    format: 1,
    version: "0.0.0",
    status: "complete",
    command: ["monosemantic", "run"],
    started: "2026-01-01T00:00:00.000Z",
    finished: "2026-01-01T00:01:00.000Z",
    model: describeModel(source),
    hook: PLANTED_HOOK,
    saes: [{ name: "planted", folder: "saes/planted", d_in: dModel, d_sae: COUNT, options: {} }],
    config: { model: MODEL },
    phases: [],
  });
  return { folder, tokenizer, hangul };
}

/** A direction and bias with w·x + b > 0 for embeddings of `fires` at every position, and < 0 for all others: a perceptron. */
function separate(
  wte: Float32Array,
  wpe: Float32Array,
  d: number,
  positions: number,
  fires: ReadonlySet<number>,
  open: ReadonlySet<number>,
): { direction: Float64Array; bias: number } {
  const w = new Float64Array(d);
  let b = 0;
  const dot = (a: Float32Array, at: number) => {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += w[k]! * a[at * d + k]!;
    return sum;
  };
  for (let pass = 0; pass < 2000; pass++) {
    const shifts = Array.from({ length: positions }, (_, p) => ({ p, shift: dot(wpe, p) }));
    const low = shifts.reduce((a, c) => (c.shift < a.shift ? c : a));
    const high = shifts.reduce((a, c) => (c.shift > a.shift ? c : a));
    let mistakes = 0;
    for (let token = 0; token * d < wte.length; token++) {
      if (open.has(token)) continue;
      const sign = fires.has(token) ? 1 : -1;
      // The position at which it is hardest.
      const { p, shift } = sign > 0 ? low : high;
      if (sign * (dot(wte, token) + shift + b) > 0.2) continue;
      mistakes++;
      for (let k = 0; k < d; k++) w[k]! += sign * (wte[token * d + k]! + wpe[p * d + k]!);
      b += sign;
    }
    if (mistakes === 0) return { direction: w, bias: b };
  }
  throw new Error(`the embeddings of ${fires.size} tokens are not separated from the others`);
}

/** The mean of unembeddings without its own mean, of length 1. */
function unembedding(rows: readonly Float32Array[], d: number): Float64Array {
  const direction = new Float64Array(d);
  for (const row of rows) for (let k = 0; k < d; k++) direction[k]! += row[k]!;
  const mean = direction.reduce((sum, value) => sum + value, 0) / d;
  const centred = direction.map((value) => value - mean);
  const norm = Math.sqrt(centred.reduce((sum, value) => sum + value ** 2, 0));
  return centred.map((value) => value / norm);
}
