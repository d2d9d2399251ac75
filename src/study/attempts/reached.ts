/** How far what lies in a work folder goes, as one number that only grows: whether another attempt got any further. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Stage } from "../plan.ts";

/** Above every number of steps or batches: stages of several pieces count finished pieces in it. */
const PIECE = 1e9;

/** Null where nothing is saved. */
export function reached(stage: Stage, work: string): number | null {
  switch (stage) {
    case "train":
      return newestCheckpoint(join(work, "checkpoint"));
    case "tokenise":
    case "join":
      return tokenised(join(work, "tokens"));
    case "measure":
      return piecesAnd(
        filesBelow(join(work, "saes"), "evaluation.json"),
        newestCheckpoint(join(work, "analysis", "checkpoint")),
      );
    case "explain":
      return piecesAnd(interpretations(join(work, "interpretation")), null);
    case "compare":
    case "report":
      return null;
  }
}

function piecesAnd(pieces: number, checkpoint: number | null): number | null {
  return pieces === 0 && checkpoint === null ? null : pieces * PIECE + (checkpoint ?? 0);
}

/** Number of the newest finished checkpoint in a folder of src/files/checkpoints.ts. */
export function newestCheckpoint(folder: string): number | null {
  const finished = namesIn(folder)
    .filter((name) => /^\d+$/.test(name) && existsSync(join(folder, name, "state.json")))
    .map(Number);
  return finished.length === 0 ? null : Math.max(...finished);
}

function tokenised(folder: string): number | null {
  if (existsSync(join(folder, "manifest.json"))) return PIECE;
  try {
    const { sequence } = JSON.parse(readFileSync(join(folder, "progress.json"), "utf8")) as {
      sequence: unknown;
    };
    return typeof sequence === "number" ? sequence : null;
  } catch {
    return null;
  }
}

function filesBelow(folder: string, file: string): number {
  return namesIn(folder).filter((name) => existsSync(join(folder, name, file))).length;
}

function interpretations(folder: string): number {
  return namesIn(folder).filter((sae) => namesIn(join(folder, sae)).some((name) => name.endsWith(".json")))
    .length;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
