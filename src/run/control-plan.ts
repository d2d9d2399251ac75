/**
 * What the control of a run on shuffled weights has to be, from what run.json says of the run; and whether a run directory is that
 * control, finished or on the way.
 */

import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Failure, UsageError } from "../errors.ts";
import { shuffledSha256 } from "../model/shuffled-weights.ts";
import { readRunRecord, type RunRecord } from "../report/run-folder.ts";
import type { SaeOptions, SaeRequest } from "../sae/options.ts";
import { resolveOptions } from "../sae/presets.ts";
import { readManifest, type TokenManifest } from "../text/manifest.ts";
import { versions } from "../version.ts";
import { dictionaryFolders } from "./dictionaries.ts";
import { tokensFolder } from "./source.ts";

/** What the control has to be. */
export interface ControlPlan {
  readonly run: string;
  /** Of the run. */
  readonly record: RunRecord;
  /** Of the permutation. */
  readonly seed: number;
  readonly names: readonly string[];
  /** Of each dictionary, in that order. */
  readonly options: readonly SaeOptions[];
  /** Tokens that the originals were trained on. */
  readonly originalTokens: number;
  readonly manifest: TokenManifest;
}

/**
 * @param saes names of dictionaries of the run; all of them unless given
 * @throws Failure and UsageError when there can be no such control
 */
export function controlPlan({
  run,
  saes,
  tokens,
  seed,
}: {
  readonly run: string;
  readonly saes?: readonly string[] | undefined;
  readonly tokens?: number | undefined;
  readonly seed: number;
}): ControlPlan {
  const record = readRunRecord(run);
  if (record.model?.["shuffled"] !== undefined) {
    throw new UsageError(`${run} was made on shuffled weights itself: give the run that it controls`);
  }
  const manifest = readManifest(tokensFolder(run));
  if (manifest === undefined) {
    throw new Failure(
      `${run} has no tokens folder, so there is no text to train a control on: copy it from where the run was made, or ` +
        `run it again`,
    );
  }
  if (!existsSync(join(run, "saes"))) throw new Failure(`${run} has no finished dictionary to control yet`);
  const known = dictionaryFolders(run).map((folder) => basename(folder));
  const names = [...new Set(saes ?? known)];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined || names.length === 0) {
    throw new UsageError(`${run} has no dictionary "${unknown ?? ""}": it has ${known.join(", ")}`);
  }
  const recorded = names.map((name) => recordedOptions(run, record, name));
  const originalTokens = recorded[0]!.options.tokens!;
  const trained = Math.min(tokens ?? Infinity, originalTokens);
  const options = recorded.map((sae) => resolveOptions({ ...sae.options, tokens: trained }, sae.d_in));
  return { run, record, seed, names, options, originalTokens, manifest };
}

interface TrainedSae {
  readonly d_in: number;
  readonly options: SaeRequest;
}

function recordedOptions(folder: string, { saes = [] }: RunRecord, name: string): TrainedSae {
  const { d_in, options } = (saes.find((sae) => sae.name === name) ?? {}) as Partial<TrainedSae>;
  if (typeof d_in !== "number" || typeof options?.tokens !== "number") {
    throw new Failure(
      `${join(folder, "run.json")} does not say how ${name} was trained, so no control can be trained like it: only dictionaries ` +
        `that "monosemantic run" or "train" made have one`,
    );
  }
  return { d_in, options };
}

/** A complete control that holds all that is wanted, and maybe more. */
export function isFinishedControl(folder: string, plan: ControlPlan): boolean {
  const record = recordIn(folder);
  const hasAll = () =>
    plan.names.every((name) =>
      ["sae_weights.safetensors", "evaluation.json"].every((file) =>
        existsSync(join(folder, "saes", name, file)),
      ),
    );
  return record?.status === "complete" && isWanted(folder, record, plan) && hasAll();
}

/** One that was killed, stopped or failed on the way, and can be resumed. */
export function isInterruptedControl(folder: string, plan: ControlPlan): boolean {
  const record = recordIn(folder);
  if (record === undefined || record.status === "complete") return false;
  // Checkpoints of another version are refused.
  if (record.version !== versions.monosemantic || record.saes?.length !== plan.names.length) return false;
  return isWanted(folder, record, plan);
}

function isWanted(folder: string, { model, hook, saes }: RunRecord, plan: ControlPlan): boolean {
  const { record, seed, manifest } = plan;
  const original = record.model?.["weights_sha256"];
  return (
    model?.["shuffled"] === seed &&
    (typeof original !== "string" || model["weights_sha256"] === shuffledSha256(original, seed)) &&
    (record.hook === undefined || hook === record.hook) &&
    plan.names.every((name, i) => {
      const options = saes?.find((sae) => sae.name === name)?.["options"];
      return isDeepStrictEqual(options, JSON.parse(JSON.stringify(plan.options[i])));
    }) &&
    isDeepStrictEqual(readManifest(tokensFolder(folder)), manifest)
  );
}

function recordIn(folder: string): RunRecord | undefined {
  try {
    return existsSync(join(folder, "run.json")) ? readRunRecord(folder) : undefined;
  } catch (error) {
    // A damaged one is made anew.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
