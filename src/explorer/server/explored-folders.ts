/** What is found below a folder that was named: runs and studies. Nothing is looked for within either. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isStudy } from "../../study/study-folder.ts";

/** Folders between the one that is named and a run in it: runs/study/8x. */
const DEPTH = 2;

export function runFolders(root: string): string[] {
  return below(root, (folder) => existsSync(join(folder, "run.json")) && !isStudy(folder));
}

export function studyFolders(root: string): string[] {
  return below(root, isStudy);
}

function below(root: string, isWanted: (folder: string) => boolean, depth = DEPTH): string[] {
  if (isWanted(root)) return [root];
  if (depth === 0 || isStudy(root) || existsSync(join(root, "run.json"))) return [];
  return subfolders(root).flatMap((folder) => below(folder, isWanted, depth - 1));
}

function subfolders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith("."))
      .map((entry) => join(path, entry.name))
      .sort();
  } catch {
    return [];
  }
}
