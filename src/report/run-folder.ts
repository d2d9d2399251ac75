/**
 * What the report knows of a run: its directory, read leniently. A report is also wanted of a run that is going on or that failed,
 * so everything but run.json may be missing, and the last line of metrics.jsonl may be cut short.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve, sep } from "node:path";
import { z } from "zod";
import { Failure } from "../errors.ts";
import { readEvaluation, readFeatureStatistics } from "../evaluation/files.ts";
import type { EvaluationResult, FeatureStatistics } from "../evaluation/result.ts";
import { readJson } from "../files/read.ts";
import { readInterpretations } from "../interpretation/read-results.ts";
import type { Interpretation } from "../interpretation/result.ts";

const record = z.record(z.string(), z.unknown());

/** The parts of run.json that the report reads; whatever else is in there is shown as it stands. */
const runSchema = z
  .looseObject({
    version: z.string(),
    command: z.union([z.string(), z.array(z.string())]),
    config: record,
    seed: z.number(),
    model: record,
    hook: z.string(),
    text: record,
    machine: record,
    memory: record,
    phases: z.array(z.looseObject({ name: z.string(), seconds: z.number() })),
    peak_memory_bytes: z.number(),
    started: z.string(),
    finished: z.string().nullable(),
    status: z.enum(["running", "complete", "failed"]),
    error: z.string(),
    diverged: z.record(z.string(), z.string()),
    saes: z.array(z.looseObject({ name: z.string(), folder: z.string().optional() })),
  })
  .partial();

export type RunRecord = z.infer<typeof runSchema>;

/** One `train` line of metrics.jsonl; a number is null where it was not finite. */
export type TrainLine = Readonly<Record<TrainQuantity, number | null>>;

export const TRAIN_QUANTITIES = [
  "step",
  "tokens",
  "loss",
  "mse",
  "l1",
  "l0",
  "explained_variance",
  "lambda",
  "lr",
  "alive",
  "tokens_per_second",
] as const;
export type TrainQuantity = (typeof TRAIN_QUANTITIES)[number];

export interface RunEvent {
  readonly step: number;
  readonly event: string;
}

export interface ReportedSae {
  readonly name: string;
  readonly dSae: number | null;
  readonly train: readonly TrainLine[];
  readonly events: readonly RunEvent[];
  readonly evaluation: EvaluationResult | null;
  readonly features: FeatureStatistics | null;
  /** The newest one; null where there is none. */
  readonly interpretation: Interpretation | null;
  /** A sentence for each interpretation that could not be read. */
  readonly unreadable: readonly string[];
}

export interface RunFolder {
  readonly path: string;
  readonly name: string;
  readonly run: RunRecord;
  readonly saes: readonly ReportedSae[];
  /** Lines of metrics.jsonl that could not be read, the last one (cut short while being written) not counted. */
  readonly unreadableLines: number;
}

/** @throws Failure when the folder has no run.json, or a file in it is damaged. */
export function readRunFolder(folder: string): RunFolder {
  const path = resolve(folder);
  const run = readRunRecord(folder);
  const metrics = readMetrics(join(path, "metrics.jsonl"));
  const saes = [...saeFolders(path, run, metrics.train.keys())].map(([name, folder]) =>
    readSae(path, name, folder, metrics),
  );
  return { path, name: basename(path), run, saes, unreadableLines: metrics.unreadable };
}

/** @throws Failure when the folder has no run.json, or it is damaged. */
export function readRunRecord(folder: string): RunRecord {
  const path = resolve(folder);
  const runPath = join(path, "run.json");
  if (!existsSync(runPath)) {
    throw new Failure(
      `${folder} holds no run.json, so it is not a run directory: give the folder that --out named`,
    );
  }
  const run = runSchema.safeParse(readJson(runPath, "the record of a run"));
  if (!run.success) {
    const issue = run.error.issues[0]!;
    throw new Failure(`${runPath} is not the record of a run: ${issue.path.join(".")}: ${issue.message}`);
  }
  return run.data;
}

/**
 * The folder of each SAE by its name: as run.json says, else `saes/<name>`; null when it would lie outside the run.
 * @param path of the run, resolved
 * @param trained names that metrics.jsonl has
 */
export function saeFolders(
  path: string,
  run: RunRecord,
  trained: Iterable<string>,
): Map<string, string | null> {
  const folders = new Map<string, string | null>();
  const add = (name: string, folder: string) => {
    const full = resolve(path, folder);
    if (!folders.has(name)) folders.set(name, full.startsWith(path + sep) ? full : null);
  };
  for (const { name, folder } of run.saes ?? []) add(name, folder ?? join("saes", name));
  for (const name of trained) add(name, join("saes", name));
  for (const name of subfolders(join(path, "saes"))) {
    const known = [...folders.values()].includes(join(path, "saes", name));
    if (!known) add(name, join("saes", name));
  }
  return folders;
}

function readSae(path: string, name: string, folder: string | null, metrics: Metrics): ReportedSae {
  const evaluated = folder !== null && existsSync(join(folder, "evaluation.json"));
  const evaluation = evaluated ? readEvaluation(folder) : null;
  const { interpretations, problems } = readInterpretations(path, name);
  return {
    name,
    dSae: evaluation?.d_sae ?? (folder === null ? null : configuredWidth(folder)),
    train: metrics.train.get(name) ?? [],
    events: metrics.events.get(name) ?? [],
    evaluation,
    features: evaluated ? readFeatureStatistics(folder) : null,
    interpretation: interpretations[0] ?? null,
    unreadable: problems,
  };
}

function configuredWidth(folder: string): number | null {
  const path = join(folder, "cfg.json");
  if (!existsSync(path)) return null;
  const width = (readJson(path, "an SAE's configuration") as Record<string, unknown> | null)?.["d_sae"];
  return typeof width === "number" ? width : null;
}

export interface Metrics {
  readonly train: Map<string, TrainLine[]>;
  readonly events: Map<string, RunEvent[]>;
  unreadable: number;
}

/** The lines of a metrics.jsonl by dictionary; none when there is no such file. */
export function readMetrics(path: string): Metrics {
  const metrics: Metrics = { train: new Map(), events: new Map(), unreadable: 0 };
  if (!existsSync(path)) return metrics;
  const lines = readFileSync(path, "utf8").split("\n");
  lines.forEach((line, i) => {
    if (line.trim() === "") return;
    const entry = parsed(line);
    if (entry === null) {
      if (i < lines.length - 1) metrics.unreadable++;
      return;
    }
    const sae = String(entry["sae"] ?? "");
    if (entry["kind"] === "train") append(metrics.train, sae, trainLine(entry));
    if (entry["kind"] === "event") {
      append(metrics.events, sae, { step: Number(entry["step"]), event: String(entry["event"]) });
    }
  });
  return metrics;
}

function trainLine(entry: Record<string, unknown>): TrainLine {
  const finite = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : null);
  return Object.fromEntries(TRAIN_QUANTITIES.map((name) => [name, finite(entry[name])])) as TrainLine;
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function subfolders(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
