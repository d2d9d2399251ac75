/** How far what lies in a work folder goes, as one number that only grows: whether another attempt got any further. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EFFECTS_FOLDER } from "../../experiments/effects/result.ts";
import { STORE_FILE } from "../../store/store.ts";
import type { Stage } from "../plan.ts";

/** Above every number of steps or batches: stages of several pieces count finished pieces in it. */
const PIECE = 1e9;

/** Null where nothing is saved. */
export function reached(stage: Stage, work: string): number | null {
  switch (stage) {
    case "train":
      // Its checkpoints are removed at the end.
      return isTrained(work) ? PIECE : newestCheckpoint(join(work, "checkpoint"));
    case "tokenise":
    case "join":
      return tokenised(join(work, "tokens"));
    case "measure":
      return piecesAnd(
        // The checkpoint of an analysis is removed at its end, and effects come behind it.
        filesBelow(join(work, "saes"), "evaluation.json") + effects(work) + (isAnalysed(work) ? 1 : 0),
        newestCheckpoint(join(work, ANALYSIS, "checkpoint")),
      );
    case "explain":
      return piecesAnd(interpretations(join(work, "interpretation")), reading(join(work, "interpretation")));
    case "compare":
    case "report":
      return null;
  }
}

/** Where an analysis keeps what it needs until it has ended well. */
const ANALYSIS = "analysis";

/** Whether an analysis has ended: one that was stopped may have written some of its findings. */
export function isAnalysed(work: string): boolean {
  return existsSync(join(work, STORE_FILE)) && !existsSync(join(work, ANALYSIS));
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

function isTrained(work: string): boolean {
  try {
    const { status } = JSON.parse(readFileSync(join(work, "run.json"), "utf8")) as { status: unknown };
    return status === "complete";
  } catch {
    return false;
  }
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

/** Newest checkpoint of the dictionary whose text is being read. */
function reading(folder: string): number | null {
  const found = namesIn(folder).flatMap((sae) =>
    namesIn(join(folder, sae))
      .filter((name) => name.startsWith("reading-"))
      .flatMap((name) => newestCheckpoint(join(folder, sae, name)) ?? []),
  );
  return found.length === 0 ? null : Math.max(...found);
}

function effects(work: string): number {
  return namesIn(join(work, EFFECTS_FOLDER)).filter((name) => name.endsWith(".json")).length;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
