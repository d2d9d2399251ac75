/**
 * Reads small text and JSON files; what is wrong with one comes back as one sentence that names it.
 */

import { readFileSync } from "node:fs";
import { Failure, messageOf } from "../errors.ts";

/**
 * The text of the UTF-8 file `path`.
 * @param what what the file is to the reader of the message, such as "a model's config.json"
 * @throws Failure when it is missing, unreadable or not UTF-8
 */
export function readText(path: string, what: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw readFailure(path, what, error);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Failure(`${path} is not UTF-8 text, expected ${what}`, { cause: error });
  }
}

/**
 * The text of `path`, `undefined` when there is no such file.
 * @throws Failure when it is there and cannot be read
 */
export function readTextIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Failure(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * The value of the JSON file `path`.
 * @throws Failure when it is missing, unreadable or not JSON
 */
export function readJson(path: string, what: string): unknown {
  const text = readText(path, what);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const found = text.trim() === "" ? "is empty" : "is not JSON";
    throw new Failure(`${path} ${found}, expected ${what}`, { cause: error });
  }
}

/** The sentence for a file that cannot be read, by the reason the system gave. */
export function readFailure(path: string, what: string, error: unknown): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const reasons: Record<string, string> = {
    ENOENT: "there is no such file",
    ENOTDIR: "a part of the path is a file, not a folder",
    EISDIR: "it is a folder",
    EACCES: "permission denied",
    EMFILE: "too many files are open",
  };
  return new Failure(`cannot read ${path}: ${reasons[code] ?? code}, expected ${what}`, { cause: error });
}
