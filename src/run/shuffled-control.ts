/**
 * The same dictionary trained on the same model with shuffled weights (src/model/shuffled-weights.ts): what interpretability has to be
 * compared with before it says anything about the model (Bricken et al. 2023; Heap et al. 2025).
 *
 *     RUN/controls/shuffled-weights/NAME/      a run directory like any other: run.json, tokens, saes, report.html
 *
 * The same means: every option of the dictionary, hook point, batches, seeds, and the run's own tokens, which are shared with it and not
 * made again. Λ is taken over as it stands. Where activations are scaled to norm √d_in it is in units of that scale on either model;
 * where they are not (normalize_activations none), it weighs against another scale of activations. Either way L0 comes out as it
 * does: it is reported beside that of the dictionary, with a note where it is another by more than a factor of 2.
 *
 * A finished control is found again when it was made by the same request, an interrupted one is resumed.
 */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Device } from "../engine/devices.ts";
import { Failure } from "../errors.ts";
import { readEvaluation } from "../evaluation/files.ts";
import type { EvaluationResult } from "../evaluation/result.ts";
import { writeFailure } from "../files/atomic.ts";
import { refuseLocked } from "../files/folder-lock.ts";
import type { RevisionOptions } from "../model/hub-lookup.ts";
import { rankedBy } from "../sae/objectives.ts";
import type { SaeOptions } from "../sae/options.ts";
import { type ControlPlan, controlPlan, isFinishedControl, isInterruptedControl } from "./control-plan.ts";
import type { RunHooks, RunRequest } from "./request.ts";
import { run } from "./run.ts";
import { type Source, tokensFolder } from "./source.ts";
import { openRunModel } from "./subject.ts";

/** Below a run directory. */
const CONTROLS = join("controls", "shuffled-weights");

/** L0 of the control and of the dictionary that differ by more than this are no longer the same sparsity. */
const COMPARABLE_L0 = 2;

/** What runs evaluate on that did not say. */
const EVALUATION_TOKENS = 200_000;

export interface ShuffledControlRequest {
  /** The run directory. */
  readonly run: string;
  /** Names of its dictionaries, all of them unless given. Their controls share one stream of activations. */
  readonly saes?: readonly string[] | undefined;
  /** Tokens to train on, at most as many as the dictionaries were. Default: as many. */
  readonly tokens?: number | undefined;
  /** Of the permutation. */
  readonly seed: number;
  /** Where the model is now, when it is not where run.json says. */
  readonly model?: string | undefined;
  readonly hub?: RevisionOptions;
  readonly threads: number;
  readonly device?: Device;
  readonly checkpointMinutes?: number;
  /** The command line that asked for it, for run.json. */
  readonly command?: readonly string[];
}

export interface ShuffledControl {
  /** The run directory of the control. */
  readonly folder: string;
  /** It was there already. */
  readonly reused: boolean;
  readonly seed: number;
  /** Tokens that it was trained on. */
  readonly tokens: number;
  readonly dictionaries: readonly ControlDictionary[];
  /** What one has to know to compare them with the originals. */
  readonly notes: readonly string[];
}

export interface ControlDictionary {
  /** Of the dictionary and of its control. */
  readonly name: string;
  /** Of the control. */
  readonly folder: string;
  readonly evaluation: EvaluationResult;
  /** Mean L0 of the dictionary itself; null when it was never evaluated. */
  readonly originalL0: number | null;
}

/** Whether the control is finished, so that it is found and not trained. */
export function isControlThere(plan: ControlPlan): boolean {
  return controlsIn(plan.run).some((folder) => isFinishedControl(folder, plan));
}

/**
 * Trains the controls, or finds them.
 * @throws Failure and UsageError as a run does, and when run.json does not say how the dictionaries were trained
 */
export async function shuffledControl(
  request: ShuffledControlRequest,
  hooks: RunHooks = {},
): Promise<ShuffledControl> {
  const plan = controlPlan(request);
  const finished = controlsIn(request.run).find((folder) => isFinishedControl(folder, plan));
  if (finished !== undefined) return describe(finished, true, plan);
  hooks.onPhase?.("loading the model");
  // The original, to refuse another model than the run's; it is shuffled when the control runs.
  const source = await openRunModel(request, plan.record);
  const folder = join(request.run, CONTROLS, folderName(plan.names));
  refuseLocked(folder, null);
  const resume = isInterruptedControl(folder, plan);
  if (!resume) removeOther(folder, hooks);
  try {
    await run(runRequest(request, plan, source, folder, resume), withPrefix(hooks));
  } catch (error) {
    if (!hooks.signal?.aborted) throw error;
    throw new Failure(
      `stopped: the control on shuffled weights is saved in ${folder} as far as it was trained, and goes on from there when it ` +
        `is asked for again`,
      { cause: error },
    );
  }
  return describe(folder, false, plan);
}

/** Names of many dictionaries would be longer than a file's may be. */
function folderName(names: readonly string[]): string {
  const all = names.join("+");
  if (all.length <= 100) return all;
  const hash = createHash("sha256").update(all).digest("hex").slice(0, 8);
  return `${names[0]}+${names.length - 1}-more-${hash}`;
}

function controlsIn(run: string): string[] {
  const place = join(run, CONTROLS);
  if (!existsSync(place)) return [];
  return readdirSync(place, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(place, name))
    .sort();
}

function removeOther(folder: string, { onNote }: RunHooks): void {
  if (!existsSync(folder)) return;
  onNote?.(`the control in ${folder} is of another request, or cannot be resumed: it is made anew`);
  try {
    rmSync(folder, { recursive: true });
  } catch (error) {
    throw writeFailure(folder, error);
  }
}

/** Options that say how the original was stored or shown, and nothing about what it is. */
const NOT_TAKEN_OVER = ["out", "resume", "cache", "cacheDtype", "evaluateAt", "explore"];

function runRequest(
  request: ShuffledControlRequest,
  { record, seed, names, options, manifest }: ControlPlan,
  { model, hook, context }: Source,
  folder: string,
  resume: boolean,
): RunRequest {
  const config = record.config ?? {};
  const numberOf = (key: string, otherwise: number) =>
    typeof config[key] === "number" ? config[key] : otherwise;
  const data = config["data"];
  const whenTextEnds = config["whenTextEnds"];
  const { origin } = model;
  return {
    ...("hub" in origin
      ? { model: origin.hub, hub: { ...request.hub, revision: origin.revision } }
      : { model: origin.folder }),
    shuffleWeights: seed,
    hook,
    context,
    data: Array.isArray(data) ? data.map(String) : manifest.request.sources,
    tokensFrom: tokensFolder(request.run),
    heldoutShare: manifest.request.heldout_share,
    bufferMb: numberOf("bufferMb", 512),
    // That of the run was enough for it, or was gone through again.
    whenTextEnds: whenTextEnds === "same-buffer" ? whenTextEnds : "epoch",
    dictionaries: options,
    streamSeed: record.seed,
    names,
    evaluationTokens: numberOf("evaluationTokens", EVALUATION_TOKENS),
    evaluateAt: [],
    out: folder,
    resume,
    checkpointMinutes: request.checkpointMinutes ?? 5,
    threads: request.threads,
    ...(request.device && { device: request.device }),
    config: {
      ...Object.fromEntries(Object.entries(config).filter(([key]) => !NOT_TAKEN_OVER.includes(key))),
      ...narrowed(config, options),
      tokens: options[0]!.tokens,
      shuffleWeights: seed,
      device: request.device ?? "cpu",
    },
    command: request.command ?? [],
  };
}

/** Options of which the run had several values: those of the wanted dictionaries. */
function narrowed(
  config: Readonly<Record<string, unknown>>,
  options: readonly SaeOptions[],
): Record<string, unknown> {
  const several = (Object.keys(options[0]!) as (keyof SaeOptions)[]).filter(
    (key) => Array.isArray(config[key]) && !Array.isArray(options[0]![key]),
  );
  return Object.fromEntries(several.map((key) => [key, [...new Set(options.map((one) => one[key]))]]));
}

function withPrefix(hooks: RunHooks): RunHooks {
  const prefix = "control on shuffled weights";
  return {
    ...hooks,
    onPhase: (name, total, unit) => hooks.onPhase?.(`${prefix}: ${name}`, total, unit),
    onNote: (line) => hooks.onNote?.(`${prefix}: ${line}`),
  };
}

function describe(folder: string, reused: boolean, plan: ControlPlan): ShuffledControl {
  const { run: place, seed, names, options, originalTokens } = plan;
  const { tokens } = options[0]!;
  const dictionaries = names.map((name) => {
    const original = join(place, "saes", name);
    return {
      name,
      folder: join(folder, "saes", name),
      evaluation: readEvaluation(join(folder, "saes", name)),
      originalL0: existsSync(join(original, "evaluation.json")) ? readEvaluation(original).l0 : null,
    };
  });
  const notes = dictionaries.flatMap((dictionary, i) => noteOnL0(dictionary, options[i]!, originalTokens));
  if (tokens !== originalTokens) {
    notes.unshift(
      `the control on shuffled weights was trained on ${tokens} tokens, ${names.join(", ")} on ${originalTokens}`,
    );
  }
  return { folder, reused, seed, tokens, dictionaries, notes };
}

function noteOnL0(
  { name, evaluation, originalL0 }: ControlDictionary,
  { normalize_activations, objective, tokens }: SaeOptions,
  originalTokens: number,
): string[] {
  if (originalL0 === null) {
    return [
      `${name} was never evaluated, so its L0 cannot be compared with that of its control, ${evaluation.l0.toFixed(1)}`,
    ];
  }
  const ratio = Math.max(evaluation.l0 / originalL0, originalL0 / evaluation.l0);
  if (ratio <= COMPARABLE_L0) return [];
  const reasons = [
    ...(tokens < originalTokens ? ["fewer tokens alone can leave more features active"] : []),
    ...(normalize_activations === "none" && rankedBy(objective) === undefined
      ? ["activations were not scaled, so the same Λ weighs against others on shuffled weights"]
      : []),
  ];
  return [
    `L0 of ${name} is ${originalL0.toFixed(1)}, that of its control on shuffled weights ${evaluation.l0.toFixed(1)}` +
      `${reasons.length > 0 ? ` (${reasons.join("; ")})` : ""}: they are not equally sparse, and scores that depend on how often ` +
      `features fire differ for that reason too`,
  ];
}
