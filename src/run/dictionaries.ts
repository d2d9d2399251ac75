/** Dictionaries on disk: where a folder or run directory keeps them, what they agree on, and the scale they were made for. */

import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { Failure, UsageError } from "../errors.ts";
import type { Cut } from "../model/cut.ts";
import { foldScale, type Sae } from "../sae/dictionary.ts";
import { expectedNormScale } from "../sae/geometric-median.ts";
import type { TokenShards, TokenSplit } from "../text/shards.ts";
import { openForLosses, type Source } from "./source.ts";

/** The folder itself when it holds a dictionary, those below its saes/ when it is a run directory. */
export function dictionaryFolders(folder: string): string[] {
  const path = resolve(folder);
  const below = join(path, "saes");
  if (existsSync(join(path, "cfg.json")) || !existsSync(below)) return [path];
  const names = readdirSync(below).filter((name) => existsSync(join(below, name, "cfg.json")));
  if (names.length === 0) throw new Failure(`${below} holds no dictionary: train one first`);
  return names.sort().map((name) => join(below, name));
}

/** What all the dictionaries say about `field`; undefined when none says anything. */
export function agreed<T extends string | number>(
  read: readonly { folder: string; sae: Sae }[],
  field: "hook_name" | "context_size",
  flag: string,
): T | undefined {
  const said = new Set(read.map(({ sae }) => sae.metadata[field]).filter((value) => value !== undefined));
  if (said.size > 1) {
    throw new UsageError(
      `the dictionaries were trained on different things (${field}: ${[...said].join(", ")}): take them apart, or give ${flag}`,
    );
  }
  return [...said][0] as T | undefined;
}

/**
 * The seed of the shuffled weights that the dictionaries were trained on; undefined for the model's own.
 * @throws UsageError when they were not all trained on the same
 */
export function agreedShuffle(read: readonly { folder: string; sae: Sae }[]): number | undefined {
  const seeds = read.map(({ sae }) => shuffleOf(sae));
  const other = seeds.findIndex((seed) => seed !== seeds[0]);
  if (other === -1) return seeds[0];
  const said = (at: number) =>
    `${read[at]!.folder} on ${seeds[at] === undefined ? "the model itself" : `weights shuffled with seed ${seeds[at]}`}`;
  throw new UsageError(
    `the dictionaries were trained on different models (${said(0)}, ${said(other)}): take them apart`,
  );
}

/** What this program wrote into a dictionary that it trained on a model with shuffled weights. */
export function shuffleOf({ metadata }: Pick<Sae, "metadata">): number | undefined {
  const own = metadata["monosemantic"];
  const seed =
    typeof own === "object" && own !== null && "shuffle_weights" in own ? own.shuffle_weights : undefined;
  return typeof seed === "number" ? seed : undefined;
}

/** Activations that tell the scale well enough: its error falls with the root of their number. */
const SCALE_TOKENS = 16_384;

/** A dictionary on raw activations: the scale that some files leave to the reader is estimated from the text. */
export async function unscaled(sae: Sae, cut: Cut, split: TokenSplit): Promise<Sae> {
  if (sae.normalize_activations !== "expected_average_only_in") return sae;
  const runs = Math.max(
    1,
    Math.min(Math.ceil(SCALE_TOKENS / (cut.batch * cut.context)), Math.floor(split.contexts / cut.batch)),
  );
  let sum = 0;
  for (let i = 0; i < runs; i++) {
    const batch = new Int32Array(cut.batch * cut.context);
    const count = Math.min(cut.batch, split.contexts);
    split.read(i * count, count, batch.subarray(0, count * cut.context));
    const { activation } = await cut.prefix(batch);
    sum += 1 / expectedNormScale(activation.subarray(0, count * cut.context * cut.dIn), cut.dIn);
  }
  return foldScale(sae, runs / sum);
}

/**
 * The same for a dictionary of a run, on the run's own text. Analyses and later experiments come to the same scale, so that a feature
 * has one activation on a token.
 */
export async function unscaledInRun(
  engine: Engine,
  source: Source,
  shards: TokenShards,
  sae: Sae,
): Promise<Sae> {
  if (sae.normalize_activations !== "expected_average_only_in") return sae;
  const cut = await openForLosses(engine, { ...source, context: shards.manifest.request.context });
  try {
    return await unscaled(sae, cut, shards.heldout.contexts > 0 ? shards.heldout : shards.train);
  } finally {
    await cut.close();
  }
}
