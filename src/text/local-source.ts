/** Files, folders and globs on this machine as lists of files, in codepoint order wherever they are listed. */

import { type Dirent, type Stats, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { globSync } from "tinyglobby";
import { Failure, messageOf } from "../errors.ts";
import type { ParquetReading } from "./parquet-documents.ts";
import { type SourceFile, isReadable, localFile } from "./source-file.ts";

/**
 * The files that `name` stands for. A file is read whatever its ending; of a folder those whose ending says that they
 * are text or records, without hidden ones and `node_modules`.
 * @throws Failure when there is nothing, or nothing that can be read
 */
export function localFiles(name: string, reading: ParquetReading): SourceFile[] {
  const found = stat(name);
  if (found === undefined && /[*?[\]{}]/.test(name)) return globbed(name, reading);
  if (found === undefined)
    throw new Failure(`${name} does not exist: name a file, a folder, a glob or "default"`);
  if (found.isDirectory()) {
    const files = filesBelow(name, reading);
    if (files.length > 0) return files;
    throw new Failure(
      `the folder ${name} holds no file with text in it (.txt, .md, .jsonl, .parquet, sources, …)`,
    );
  }
  if (!found.isFile()) throw new Failure(`${name} is neither a file nor a folder`);
  if (found.size === 0) throw new Failure(`${name} is empty: name a file with text in it`);
  return [localFile(name, found.size, reading)];
}

function globbed(pattern: string, reading: ParquetReading): SourceFile[] {
  const paths = globSync(pattern, { followSymbolicLinks: false, expandDirectories: false }).sort(
    byCodepoints,
  );
  if (paths.length === 0) throw new Failure(`no file matches ${pattern}`);
  return paths.map((path) => localFile(path, statSync(path).size, reading));
}

function filesBelow(folder: string, reading: ParquetReading): SourceFile[] {
  const files: SourceFile[] = [];
  for (const entry of list(folder).sort((a, b) => byCodepoints(a.name, b.name))) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      files.push(...filesBelow(path, reading));
    } else if (isReadable(path)) {
      // Links to files are followed (the hub's cache is made of them); links to folders might go in circles.
      const found = stat(path);
      if (found?.isFile() === true && found.size > 0) files.push(localFile(path, found.size, reading));
    }
  }
  return files;
}

function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw new Failure(`cannot read the folder ${folder}: ${messageOf(error)}`, { cause: error });
  }
}

function stat(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new Failure(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

export function byCodepoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
