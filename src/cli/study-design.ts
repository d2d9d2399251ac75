/** base, grid, random, trials and seeds of a study file as the design of a study; what is no option is refused here already. */

import { nearest, UsageError } from "../errors.ts";
import type { Design, RandomDesign, Settings, Space } from "../study/design.ts";
import { NOTES } from "./config-file.ts";
import { kebab, optionsOf } from "./options.ts";
import { misplaced, TRIAL } from "./study-file-sections.ts";
import { parseNumber } from "./values.ts";

export type Json = Readonly<Record<string, unknown>>;

/** @throws UsageError for the first thing that is wrong, beginning with `file` */
export function readDesign(json: Json, seeds: readonly number[] | undefined, file: string): Design {
  const base = settingsIn(json["base"] ?? {}, "base", file);
  const grids = gridsIn(json["grid"], file);
  const random = randomIn(json["random"], file);
  const trials = trialsIn(json["trials"], file);
  if (seeds !== undefined) refuseOtherSeeds(seeds, { base, grids, random, trials }, file);
  return { base, grids, random, trials, seeds: seeds ?? null };
}

function refuseOtherSeeds(
  seeds: readonly number[],
  { base, grids, random, trials }: Omit<Design, "seeds">,
  file: string,
): void {
  const places: [string, object][] = [
    ["base", base],
    ...grids.map((grid): [string, object] => ["grid", grid]),
    ["random", random?.space ?? {}],
    ...trials.map((trial, i): [string, object] => [`trial ${i + 1} of the list`, trial]),
  ];
  const second = places.find(([, record]) => Object.hasOwn(record, "seed"));
  if (second !== undefined) {
    throw new UsageError(
      `${file}: "seeds" gives every trial its seed, and ${second[0]} gives one too: keep one of the two`,
    );
  }
  if (new Set(seeds).size < seeds.length) {
    throw new UsageError(`${file}: "seeds" names a seed twice: found ${JSON.stringify(seeds)}`);
  }
}

const OPTIONS = optionsOf(TRIAL);

/** An object whose keys are all options of a trial. */
function settingsIn(value: unknown, where: string, file: string): Settings {
  const json = objectIn(value, where, file, '{"expansion": 8}');
  for (const key of Object.keys(json)) {
    if (NOTES.includes(key) || OPTIONS.some((option) => option.key === key)) continue;
    const elsewhere = misplaced(key);
    if (elsewhere !== undefined) throw new UsageError(`${file}: "${key}" in ${where} ${elsewhere}`);
    const twin = OPTIONS.find(({ flag }) => flag === kebab(key.replace(/^--/, "")));
    const known = nearest(
      key,
      OPTIONS.map((option) => option.key),
    ).join(", ");
    throw new UsageError(
      twin === undefined
        ? `${file}: ${where} has the unknown key "${key}"; nearest options: ${known}`
        : `${file}: ${where} has the key "${key}"; in a study file it is "${twin.key}"`,
    );
  }
  return Object.fromEntries(Object.entries(json).filter(([key]) => !NOTES.includes(key)));
}

function gridsIn(value: unknown, file: string): Record<string, unknown[]>[] {
  if (value === undefined) return [];
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw new UsageError(`${file}: grid names no option`);
  return list.map((one, i) => {
    const where = list.length > 1 ? `grid ${i + 1}` : "grid";
    const grid = settingsIn(one, where, file);
    if (Object.keys(grid).length === 0) throw new UsageError(`${file}: ${where} names no option`);
    return Object.fromEntries(
      Object.entries(grid).map(([key, values]) => {
        if (Array.isArray(values) && values.length > 0) {
          refuseTwice(values, `"${key}" in ${where}`, file);
          return [key, values];
        }
        throw new UsageError(
          `${file}: "${key}" in ${where}: found ${JSON.stringify(values)}, expected a list of values such as [8, 32]`,
        );
      }),
    );
  });
}

function refuseTwice(values: readonly unknown[], what: string, file: string): void {
  const texts = values.map((value) => JSON.stringify(value));
  const twice = texts.find((text, i) => texts.indexOf(text) !== i);
  if (twice !== undefined) throw new UsageError(`${file}: ${what} names ${twice} twice`);
}

function trialsIn(value: unknown, file: string): Settings[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length === 0) {
    throw new UsageError(
      `${file}: "trials": found ${JSON.stringify(value)}, expected a list such as [{"lambda": 2}, {"lambda": 4}]`,
    );
  }
  return value.map((one, i) => settingsIn(one, `trial ${i + 1} of the list`, file));
}

function randomIn(value: unknown, file: string): RandomDesign | null {
  if (value === undefined) return null;
  const json = objectIn(value, "random", file, '{"trials": 20, "space": {"lambda": [1, 2]}}');
  refuseUnknown(json, ["trials", "seed", "space"], `${file}: random`);
  if (json["space"] === undefined) {
    throw new UsageError(
      `${file}: random has no "space": say what to draw from, such as {"lambda": {"from": 1, "to": 8, "scale": "log"}}`,
    );
  }
  const space = settingsIn(json["space"], 'the "space" of random', file);
  if (Object.keys(space).length === 0) throw new UsageError(`${file}: the "space" of random names no option`);
  return {
    trials: whole(json["trials"], 1, '"trials" of random', file),
    seed: whole(json["seed"] ?? 0, 0, '"seed" of random', file),
    space: Object.fromEntries(Object.entries(space).map(([key, range]) => [key, spaceIn(key, range, file)])),
  };
}

function spaceIn(key: string, value: unknown, file: string): Space {
  const where = `"${key}" in random`;
  if (Array.isArray(value) && value.length > 0) {
    refuseTwice(value, where, file);
    return value;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(
      `${file}: ${where}: found ${JSON.stringify(value)}, expected a list of values or a range such as ` +
        `{"from": 1, "to": 8, "scale": "log"}`,
    );
  }
  const json = value as Json;
  refuseUnknown(json, ["from", "to", "scale", "integer"], `${file}: ${where}`);
  const [from, to] = [json["from"], json["to"]].map((end) =>
    typeof end === "string" ? parseNumber(end) : end,
  );
  const { scale = "linear", integer = false } = json;
  if (scale !== "linear" && scale !== "log") {
    throw new UsageError(
      `${file}: ${where}: found scale ${JSON.stringify(scale)}, expected "log" or "linear"`,
    );
  }
  if (typeof integer !== "boolean") {
    throw new UsageError(
      `${file}: ${where}: found integer ${JSON.stringify(integer)}, expected true or false`,
    );
  }
  const least = scale === "log" ? 0 : -Infinity;
  if (typeof from !== "number" || typeof to !== "number" || !(from < to) || !(from > least)) {
    const range = `from ${JSON.stringify(json["from"])} to ${JSON.stringify(json["to"])}`;
    throw new UsageError(
      `${file}: ${where}: found ${range}, expected two numbers, the smaller one first${scale === "log" ? ", both above 0" : ""}`,
    );
  }
  if (integer && !(Number.isInteger(from) && Number.isInteger(to))) {
    throw new UsageError(
      `${file}: ${where}: found from ${from} to ${to}, expected whole numbers with integer`,
    );
  }
  return { from, to, scale, integer };
}

function whole(value: unknown, least: number, what: string, file: string): number {
  const number = typeof value === "string" ? parseNumber(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= least) return number;
  const found = value === undefined ? "nothing" : JSON.stringify(value);
  throw new UsageError(`${file}: ${what}: found ${found}, expected a whole number ≥ ${least}`);
}

/** @param where for the message, with the file */
export function refuseUnknown(json: Json, known: readonly string[], where: string): void {
  const unknown = Object.keys(json).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new UsageError(
    `${where} has the unknown key "${unknown}"; nearest: ${nearest(unknown, known).join(", ")}`,
  );
}

export function objectIn(value: unknown, where: string, file: string, example: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new UsageError(
    `${file}: ${where}: found ${JSON.stringify(value)}, expected an object such as ${example}`,
  );
}
