/**
 * One run directory as the explorer sees it, at any moment of its life: being trained, interrupted, complete, damaged in
 * places. Nothing is written. A part that is missing or damaged is left out where the rest can stand without it.
 */

import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { Failure, messageOf } from "../../errors.ts";
import { readEvaluation, readFeatureStatistics } from "../../evaluation/files.ts";
import type { EvaluationResult } from "../../evaluation/result.ts";
import { isLocked } from "../../files/folder-lock.ts";
import { readJson } from "../../files/read.ts";
import {
  type FoundInterpretations,
  interpretationFiles,
  readInterpretations,
} from "../../interpretation/read-results.ts";
import {
  type Metrics,
  readMetrics,
  readRunRecord,
  type RunRecord,
  saeFolders,
  TRAIN_QUANTITIES,
} from "../../report/run-folder.ts";
import type { Curves, Quality, RunSummary } from "../api.ts";
import { stampOf, WhenChanged } from "./when-changed.ts";

/** Of a dictionary: it is there when the dictionary is finished. */
export const WEIGHTS_FILE = "sae_weights.safetensors";

export interface SaeFolder {
  readonly name: string;
  /** Null when run.json names one outside the run. */
  readonly folder: string | null;
  readonly dIn: number | null;
  readonly dSae: number | null;
  readonly evaluation: EvaluationResult | null;
  /** The hook point that its cfg.json names. */
  readonly hook: string | undefined;
  /** Whether its weights are there. */
  readonly finished: boolean;
}

export interface RunViewOptions {
  /** Instead of the folder's. */
  readonly name?: string;
  /** Why nothing is to be kept in this run: another will take its place. Null where there is no reason. */
  readonly passing?: () => string | null;
}

export class RunView {
  readonly id: string;
  readonly path: string;
  readonly name: string;
  readonly passing: () => string | null;
  readonly #record: WhenChanged<RunRecord>;
  readonly #metrics: WhenChanged<Metrics>;
  readonly #evaluations = new Map<string, WhenChanged<EvaluationResult | null>>();
  readonly #quality = new Map<string, WhenChanged<Quality["saes"][number] | null>>();

  readonly #interpretations = new Map<
    string,
    { readonly stamp: string; readonly found: FoundInterpretations }
  >();

  /** @param path resolved folder that holds run.json */
  constructor(id: string, path: string, { name, passing = () => null }: RunViewOptions = {}) {
    this.id = id;
    this.path = path;
    this.name = name ?? (basename(path) || path);
    this.passing = passing;
    this.#record = new WhenChanged(join(path, "run.json"), () => readRunRecord(path));
    const metrics = join(path, "metrics.jsonl");
    this.#metrics = new WhenChanged(metrics, () => readMetrics(metrics));
  }

  /** What run.json says. @throws Failure when it is missing or damaged */
  record(): RunRecord {
    return this.#record.get();
  }

  /** "interrupted" when run.json says that it is running and no process does. */
  status(): { status: RunSummary["status"]; error: string | null } {
    const held = isLocked(this.path);
    try {
      const { status = "interrupted", error = null } = this.record();
      // A run takes its folder before it writes that it is running, and leaves it after it has written how it ended.
      if (status !== "running" || held || isLocked(this.path)) return { status, error };
      return { status: "interrupted", error };
    } catch (problem) {
      if (problem instanceof Failure) return { status: "failed", error: problem.message };
      throw problem;
    }
  }

  saes(): SaeFolder[] {
    const record = this.#recordOrEmpty();
    const known = new Map((record.saes ?? []).map((sae) => [sae.name, sae as Record<string, unknown>]));
    return [...saeFolders(this.path, record, this.#metrics.get().train.keys())].map(([name, folder]) => {
      const evaluation = folder === null ? null : this.#evaluation(folder);
      const config = folder === null ? {} : configOf(folder);
      const width = (key: "d_in" | "d_sae") =>
        [evaluation?.[key], known.get(name)?.[key], config[key]].find((value) => typeof value === "number") ??
        null;
      return {
        name,
        folder,
        dIn: width("d_in") as number | null,
        dSae: width("d_sae") as number | null,
        evaluation,
        hook: hookOf(config),
        finished: folder !== null && existsSync(join(folder, WEIGHTS_FILE)),
      };
    });
  }

  /** Lines of metrics.jsonl behind `after`, as columns. */
  curves(after: number): Curves {
    const saes = [...this.#metrics.get().train].map(([name, lines]) => {
      const shown = lines.filter(({ step }) => (step ?? -1) > after);
      const columns = TRAIN_QUANTITIES.map((quantity) => [quantity, shown.map((line) => line[quantity])]);
      return [name, Object.fromEntries(columns) as Record<string, (number | null)[]>] as const;
    });
    return { status: this.status().status, saes: Object.fromEntries(saes) };
  }

  /** Densities and rare features of the dictionaries that were evaluated. */
  quality(): Quality {
    const saes = this.saes().map(({ name, folder, evaluation }) => {
      if (folder === null || evaluation === null) return null;
      const path = join(folder, "features.safetensors");
      let view = this.#quality.get(path);
      if (view === undefined)
        this.#quality.set(path, (view = new WhenChanged(path, () => qualityOf(name, folder))));
      return view.get();
    });
    return { saes: saes.filter((sae) => sae !== null) };
  }

  /** What was found out about whether the features of the dictionary `sae` mean one thing. */
  interpretations(sae: string): FoundInterpretations {
    const files = interpretationFiles(this.path, sae);
    const stamp = JSON.stringify(files.map((path) => [path, stampOf(path)]));
    let known = this.#interpretations.get(sae);
    if (known?.stamp !== stamp) {
      this.#interpretations.set(sae, (known = { stamp, found: readInterpretations(this.path, sae) }));
    }
    return known.found;
  }

  #recordOrEmpty(): RunRecord {
    return orIfDamaged(() => this.record(), {});
  }

  #evaluation(folder: string): EvaluationResult | null {
    const path = join(folder, "evaluation.json");
    let view = this.#evaluations.get(path);
    if (view === undefined) {
      view = new WhenChanged(path, () =>
        existsSync(path) ? orIfDamaged(() => readEvaluation(folder), null) : null,
      );
      this.#evaluations.set(path, view);
    }
    return view.get();
  }
}

function configOf(folder: string): Record<string, unknown> {
  const path = join(folder, "cfg.json");
  if (!existsSync(path)) return {};
  const config = orIfDamaged(() => readJson(path, "an SAE's configuration"), null);
  return typeof config === "object" && config !== null ? (config as Record<string, unknown>) : {};
}

function hookOf({ metadata }: Record<string, unknown>): string | undefined {
  const hook =
    typeof metadata === "object" ? (metadata as Record<string, unknown> | null)?.["hook_name"] : undefined;
  return typeof hook === "string" ? hook : undefined;
}

function qualityOf(name: string, folder: string): Quality["saes"][number] | null {
  return orIfDamaged(() => {
    const features = readFeatureStatistics(folder);
    const { tokens } = readEvaluation(folder);
    if (features === null) return null;
    const list = (values: Float32Array) => Array.from(values, short);
    return {
      name,
      tokens,
      logDensity: Array.from(features.density, (density) =>
        density > 0 ? short(Math.log10(density)) : null,
      ),
      rareEncoderCosine: list(features.rare_encoder_cosine),
      rareDecoderCosine: list(features.rare_decoder_cosine),
    };
  }, null);
}

/** Four digits: as much as a plot can show, at half the size. */
function short(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : null;
}

function orIfDamaged<T, E>(read: () => T, instead: E): T | E {
  try {
    return read();
  } catch (error) {
    if (error instanceof Failure) return instead;
    throw new Error(messageOf(error), { cause: error });
  }
}
