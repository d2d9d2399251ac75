/**
 * What the trials of a study differ in, and the names that follow from it.
 *
 * The value of a factor is the one that was in effect, also where a preset or a default gave it; null where it was not given and
 * has no say, such as λ under TopK.
 */

import { createHash } from "node:crypto";
import { basename } from "node:path";
import { UsageError } from "../errors.ts";
import { saeOptions, type SaeOptions } from "../sae/options.ts";
import type { FactorValue } from "./plan.ts";
import type { TrialRequest } from "./study-request.ts";

/** Options that count whatever the objective and the policy for dead features: their defaults are values like any other. */
const ALWAYS: readonly string[] = [
  "preset",
  "objective",
  "expansion",
  "tokens",
  "batch",
  "lr",
  "lr_warmup",
  "lr_decay",
  "lambda_warmup",
  "beta1",
  "beta2",
  "epsilon",
  "dead",
  "initialisation",
  "b_dec_init",
  "apply_b_dec_to_input",
  "normalize_activations",
  "as_published",
  "decoder_norm",
  "encoder_product",
  "seed",
] satisfies (keyof SaeOptions)[];

const PATHS: readonly string[] = ["model", "data", "cache"];

/** Longest name of a trial: it is a folder, and a column of tables. */
const LONGEST = 96;

type Factors = Readonly<Record<string, FactorValue>>;

/** The options of `declared` in which trials differ, with each trial's value, in the same order as the trials. */
export function factorsOf(trials: readonly TrialRequest[], declared: readonly string[]): Factors[] {
  const columns = declared
    .map((key) => [key, column(key, trials)] as const)
    .filter(([, values]) => new Set(values).size > 1);
  return trials.map((_, i) => Object.fromEntries(columns.map(([key, values]) => [key, values[i]!])));
}

function column(key: string, trials: readonly TrialRequest[]): FactorValue[] {
  const values = trials.map((trial) => valueOf(key, trial));
  return PATHS.includes(key) ? shortPaths(values) : values;
}

function valueOf(key: string, { dictionary, options, config }: TrialRequest): FactorValue {
  if (!Object.hasOwn(saeOptions.shape, key)) return flat(config[key]);
  const name = key as keyof SaeOptions;
  return flat(ALWAYS.includes(key) ? options[name] : dictionary[name]);
}

function flat(value: unknown): FactorValue {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map(String).join(",");
  return typeof value === "number" || typeof value === "boolean" ? value : String(value);
}

/** Paths by their last part where that tells them apart; datasets of the hub without the commit that they are pinned to. */
function shortPaths(values: readonly FactorValue[]): FactorValue[] {
  const last = (path: string) => basename(path).replace(/@[0-9a-f]{40}$/, "");
  const short = values.map((value) => (typeof value === "string" ? last(value) : value));
  return new Set(short).size === new Set(values).size ? short : [...values];
}

/** Of each factor the values that occur: none first, then ascending. */
export function factorValues(factors: readonly Factors[]): Record<string, FactorValue[]> {
  return Object.fromEntries(
    Object.keys(factors[0] ?? {}).map((key) => [
      key,
      [...new Set(factors.map((own) => own[key]!))].sort(compareValues),
    ]),
  );
}

export function compareValues(a: FactorValue, b: FactorValue): number {
  const [left, right] = [rank(a), rank(b)];
  if (left !== right) return left - right;
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

function rank(value: FactorValue): number {
  return value === null ? 0 : typeof value === "boolean" ? 1 : typeof value === "number" ? 2 : 3;
}

/** Words of an option's name that say it in fewer letters. */
const SHORT: Readonly<Record<string, string>> = {
  expansion: "x",
  Lambda: "L",
  target_l0: "l0-",
  hook: "",
  model: "",
  data: "",
  objective: "",
  preset: "",
  dead: "",
  whenTextEnds: "",
  shuffleWeights: "shuffled",
  decoder_norm: "norm",
  reinit_moments: "moments",
};

/**
 * A name for each trial, after its factors: "x8-lambda2-seed1". Unique also where capitals do not count, and a file name everywhere.
 * @throws UsageError when two trials are the same, named by their labels
 */
export function namesOf(factors: readonly Factors[], labels: readonly string[]): string[] {
  const names = factors.map((own) => {
    const parts = Object.entries(own).flatMap(([key, value]) => partOf(key, value));
    return parts.length === 0 ? "base" : parts.join("-");
  });
  const count = Map.groupBy(names, (name) => name.toLowerCase());
  const unique = names.map((name, i) =>
    name.length <= LONGEST && count.get(name.toLowerCase())!.length === 1 ? name : hashed(name, factors[i]!),
  );
  const twice = unique.findIndex((name, i) => unique.indexOf(name) !== i);
  if (twice !== -1) throw sameTrial(labels[unique.indexOf(unique[twice]!)]!, labels[twice]!);
  return unique;
}

export function sameTrial(first: string, second: string): UsageError {
  return new UsageError(`${first} and ${second} are the same: leave one of them out`);
}

function partOf(key: string, value: FactorValue): string[] {
  if (value === null) return [];
  if (value === true) return [safe(key)];
  if (value === false) return [`no-${safe(key)}`];
  const word = SHORT[key] ?? safe(key);
  if (typeof value === "number") return [`${word}${/\d$/.test(word) ? "-" : ""}${number(value)}`];
  return [`${word}${word === "" ? "" : "-"}${safe(shortHook(key, value))}`];
}

/** blocks.0.mlp.hook_post → 0.mlp.post */
function shortHook(key: string, value: string): string {
  return key === "hook" ? value.replace(/^blocks\./, "").replace("hook_", "") : value;
}

/** 5000000 → 5M, 0.0003 → 3e-4. */
function number(value: number): string {
  for (const [suffix, size] of [
    ["B", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ] as const) {
    const short = value / size;
    if (value >= 10_000 && short >= 1 && String(short).length <= 6) return `${short}${suffix}`;
  }
  return Math.abs(value) < 1e-2 && value !== 0 ? value.toExponential() : String(value);
}

function safe(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9.+_-]+/g, "-")
    .replaceAll(/^[-.]+|-+$/g, "")
    .slice(0, 30);
}

function hashed(name: string, factors: Factors): string {
  const hash = createHash("sha256").update(JSON.stringify(factors)).digest("hex").slice(0, 8);
  return `${name.slice(0, LONGEST - 9).replace(/[-.]+$/, "")}-${hash}`;
}
