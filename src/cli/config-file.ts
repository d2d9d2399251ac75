/**
 * `--config file.json`: options in a file, under the same names as the flags in camelCase. A value that begins with `./`
 * or `../` is relative to the file's own folder, so a recipe works from everywhere; any other path is relative to the
 * folder the command is run in, as on the command line.
 */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf, nearest, UsageError } from "../errors.ts";
import { kebab, type Option } from "./options.ts";
import { fromJson } from "./values.ts";

/** Keys that explain a file to its reader and configure nothing. */
export const NOTES: readonly string[] = ["$schema", "description", "cost", "expected"];

const RECIPES = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "configs");

export interface ConfigFile {
  readonly name: string;
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Reads the file, or the recipe of that name which comes with the package.
 * @throws UsageError when it is missing, no JSON object, or holds a key that no option has.
 */
export function readConfigFile(where: string, options: readonly Option[]): ConfigFile {
  const path = locate(where);
  const values = valuesIn(readObject(path, "--config: "), options, dirname(path), `--config: ${path}`);
  return { name: basename(path, extname(path)), path, values };
}

/**
 * The values of an object that names options, as the command line would give them.
 * @param folder that `./` and `../` begin at
 * @param where for messages: which file, and where in it
 * @throws UsageError for a key that no option has
 */
export function valuesIn(
  json: Readonly<Record<string, unknown>>,
  options: readonly Option[],
  folder: string,
  where: string,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(json)) {
    if (NOTES.includes(key)) continue;
    const option = options.find((candidate) => candidate.key === key);
    if (option === undefined) throw new UsageError(unknownKey(where, key, options));
    values[key] = resolvePaths(fromJson(option, value), option, folder);
  }
  return values;
}

function locate(where: string): string {
  const path = resolve(where);
  if (existsSync(path)) return path;
  const recipe = join(RECIPES, `${where}.json`);
  if (!/[\\/]/.test(where) && existsSync(recipe)) return recipe;
  const names = existsSync(RECIPES) ? readdirSync(RECIPES).map((name) => basename(name, ".json")) : [];
  const known = nearest(where, names, 5).join(", ");
  throw new UsageError(
    `--config: ${where} is neither a file nor a recipe of this package: give a path, or one of ${known}`,
  );
}

/** @param before what the message begins with, before the path */
export function readObject(path: string, before = "", example = '{"expansion": 8}'): Record<string, unknown> {
  let json: unknown;
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new UsageError(`${before}${path} does not exist: name a JSON file`);
  if (stats.isDirectory()) throw new UsageError(`${before}${path} is a folder: name a JSON file`);
  try {
    // Some editors begin a file with a byte order mark.
    json = JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new UsageError(`${before}${path} cannot be read as JSON: ${messageOf(error)}`, { cause: error });
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new UsageError(`${before}${path} has to hold one JSON object with options, such as ${example}`);
  }
  return json as Record<string, unknown>;
}

function unknownKey(where: string, key: string, options: readonly Option[]): string {
  const twin = options.find(({ flag }) => flag === kebab(key.replace(/^--/, "")));
  if (twin !== undefined) return `${where} has the key "${key}"; in a config file it is "${twin.key}"`;
  const names = nearest(
    key,
    options.map((option) => option.key),
  ).join(", ");
  return `${where} has the unknown key "${key}"; nearest options: ${names}`;
}

function resolvePaths(value: unknown, option: Option, folder: string): unknown {
  if (option.verbatim) return value;
  if (Array.isArray(value)) return value.map((item) => resolvePaths(item, option, folder));
  return typeof value === "string" && /^\.\.?(\/|$)/.test(value) ? resolve(folder, value) : value;
}
