/**
 * Evidence from a batch file of SAEDashboard (https://github.com/jbloomAus/SAEDashboard), the format in which features of other people's
 * dictionaries go around: prompts with activations, without the model or the text that they were taken from.
 *
 * The file says nothing of documents: each distinct prompt counts as one, and as a context of its own. Prompts that were cut from one
 * document, which cannot be told, may come on different sides. A feature's passage holds only its own prompts, since nothing is known of it
 * on others; prompts were chosen for its activations, so the share of active tokens there is not its density. The ten highest and lowest
 * logits are all there are.
 *
 * Tokens are strings. Each distinct one gets a number, in the order in which they are met; those that are bytes of a character in the
 * alphabet of byte-level BPE ("âĢĻ") are shown as that character when they are all of it.
 */

import { z } from "zod";
import { Failure } from "../../errors.ts";
import { readJson } from "../../files/read.ts";
import { bytesOfToken } from "../../model/byte-alphabet.ts";
import type { Passage, UnitEvidence } from "./passage.ts";
import { dealSides } from "./sides.ts";

const numbers = z.array(z.number());
const strings = z.array(z.string());

const record = z
  .object({ tokens: strings.min(1), values: numbers })
  .refine(({ tokens, values }) => tokens.length === values.length, {
    path: ["values"],
    error: "has not as many numbers as there are tokens",
  })
  .refine(({ values }) => values.every((value) => value >= 0), {
    path: ["values"],
    error: "has a negative activation",
  });

const sameLength = (strings: "pos_str" | "neg_str", values: "pos_values" | "neg_values") => ({
  path: [values],
  error: `has not as many numbers as ${strings} has tokens`,
});

const feature = z
  .object({
    feature_index: z.int().nonnegative(),
    pos_str: strings,
    pos_values: numbers,
    neg_str: strings,
    neg_values: numbers,
    frac_nonzero: z.number().min(0).max(1),
    activations: z.array(record),
  })
  .refine((one) => one.pos_str.length === one.pos_values.length, sameLength("pos_str", "pos_values"))
  .refine((one) => one.neg_str.length === one.neg_values.length, sameLength("neg_str", "neg_values"));

const batch = z.object({
  model_id: z.string(),
  layer: z.int().nonnegative(),
  sae_set: z.string(),
  features: z.array(feature).min(1),
});

type FeatureJson = z.output<typeof feature>;

export interface DashboardFeature {
  readonly index: number;
  readonly evidence: UnitEvidence;
  /** Share of tokens at which it is active, as its maker measured it (rounded to four digits). */
  readonly density: number;
  /** Records that repeat the prompt of another. */
  readonly duplicates: number;
}

export interface DashboardBatch {
  readonly modelId: string;
  readonly layer: number;
  readonly saeSet: string;
  readonly features: readonly DashboardFeature[];
}

/**
 * @param seed deals prompts to sides: a prompt has one side for all features of the file
 * @throws Failure naming the file and the field that is not as the format has it
 */
export function readSaeDashboard(path: string, seed = 0): DashboardBatch {
  const parsed = batch.safeParse(readJson(path, "a batch file of SAEDashboard"));
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new Failure(`${path} is no batch file of SAEDashboard: ${field(issue.path)}: ${issue.message}`);
  }
  const { model_id, layer, sae_set, features } = parsed.data;
  const vocabulary = new Vocabulary();
  const prompts = new Map<string, number>();
  const placed = features.map((one, f) => place(path, one, `features[${f}]`, vocabulary, prompts));
  const sides = dealSides(prompts.size, seed);
  const all = Int32Array.from({ length: vocabulary.size }, (_, id) => id);
  const tokenText = vocabulary.text();
  return {
    modelId: model_id,
    layer,
    saeSet: sae_set,
    features: placed.map(({ json, passage, column, duplicates, logits }) => ({
      index: json.feature_index,
      evidence: {
        passage: { ...passage, sides, tokenText },
        column,
        logits: { ...logits, vocabulary: all },
        fewest: FEWEST,
      },
      density: json.frac_nonzero,
      duplicates,
    })),
  };
}

/** A dashboard shows some forty contexts, of which two fifths can be scored on. */
const FEWEST = 5;

/** Values are written with three digits, so one activation computed twice may differ in the last. */
const ROUNDING = 0.0015;

function place(
  path: string,
  json: FeatureJson,
  where: string,
  vocabulary: Vocabulary,
  prompts: Map<string, number>,
): {
  readonly json: FeatureJson;
  readonly passage: Omit<Passage, "sides" | "tokenText">;
  readonly column: UnitEvidence["column"];
  readonly duplicates: number;
  readonly logits: Omit<NonNullable<UnitEvidence["logits"]>, "vocabulary">;
} {
  const tokens: number[] = [];
  const documents: number[] = [];
  const starts = [0];
  const rows: number[] = [];
  const values: number[] = [];
  const known = new Map<string, readonly number[]>();
  for (const [r, record] of json.activations.entries()) {
    const key = JSON.stringify(record.tokens);
    const same = known.get(key);
    if (same !== undefined) {
      if (record.values.every((value, i) => Math.abs(value - same[i]!) <= ROUNDING)) continue;
      throw new Failure(
        `${path} is no batch file of SAEDashboard: ${where}.activations[${r}].values: differs from the activations of an earlier record with the same tokens`,
      );
    }
    known.set(key, record.values);
    const prompt = prompts.get(key) ?? prompts.size;
    prompts.set(key, prompt);
    for (const [i, text] of record.tokens.entries()) {
      if (record.values[i]! > 0) {
        rows.push(tokens.length);
        values.push(record.values[i]!);
      }
      tokens.push(vocabulary.id(text));
      documents.push(SEPARATORS.has(text) ? -1 : prompt);
    }
    starts.push(tokens.length);
  }
  const weights = (texts: readonly string[], of: readonly number[]) =>
    texts.map((text, i) => ({ token: vocabulary.id(text), value: of[i]! }));
  return {
    json,
    passage: {
      tokens: Int32Array.from(tokens),
      documents: Int32Array.from(documents),
      starts: Int32Array.from(starts),
      places: null,
    },
    column: { rows: Uint32Array.from(rows), values: Float32Array.from(values) },
    duplicates: json.activations.length - known.size,
    logits: {
      top: weights(json.pos_str, json.pos_values).sort((a, b) => b.value - a.value),
      bottom: weights(json.neg_str, json.neg_values).sort((a, b) => a.value - b.value),
    },
  };
}

/** Tokens that stand between documents, in the models that such files are of. */
const SEPARATORS: ReadonlySet<string> = new Set([
  "<|endoftext|>",
  "<|begin_of_text|>",
  "<|end_of_text|>",
  "<bos>",
  "<eos>",
  "<s>",
  "</s>",
]);

/** Numbers of tokens that are only known as strings. */
class Vocabulary {
  readonly #ids = new Map<string, number>();

  get size(): number {
    return this.#ids.size;
  }

  id(text: string): number {
    const id = this.#ids.get(text) ?? this.#ids.size;
    this.#ids.set(text, id);
    return id;
  }

  /** What is shown of each. */
  text(): (id: number) => string {
    const shown = Array.from(this.#ids.keys(), readable);
    return (id) => shown[id] ?? "";
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A token spelt in the byte alphabet, decoded; any other, and one that is part of a character, as it is. */
function readable(token: string): string {
  const bytes = bytesOfToken(token);
  if (bytes === undefined) return token;
  try {
    return utf8.decode(bytes);
  } catch {
    return token;
  }
}

/** features[3].activations[0].values */
function field(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  return text.replace(/^\./, "") || "the whole file";
}
