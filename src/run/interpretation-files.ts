/**
 * What an interpretation leaves beside the store:
 *
 *     RUN/interpretation/SAE/NAME.json                 scores of all units and controls (src/interpretation/result.ts)
 *     RUN/interpretation/SAE/NAME.controls.jsonl.zst   explanations of controls with their raw answers, one line a unit
 *     RUN/interpretation/answers/                      requests to language models and their answers
 */

import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { makeFolder, writeAtomic } from "../files/atomic.ts";
import { type Interpretation, INTERPRETATION_FOLDER, type SubjectName } from "../interpretation/result.ts";
import { type UnitKind, UNIT_KINDS } from "../features/units.ts";
import type { InterpretationWriter, ScoredExplanation, Store, TokenText } from "../store/store.ts";
import type { ExplanationSink } from "./interpretation-study.ts";

export function interpretationFolder(run: string, sae: string): string {
  return join(run, INTERPRETATION_FOLDER, sae);
}

export function answersFolder(run: string): string {
  return join(run, INTERPRETATION_FOLDER, "answers");
}

/** @param controls lines of the second file */
export function writeInterpretation(
  run: string,
  interpretation: Interpretation,
  controls: readonly unknown[],
): string {
  const folder = interpretationFolder(run, interpretation.sae);
  makeFolder(folder);
  writeLines(join(folder, `${interpretation.name}.controls.jsonl.zst`), controls);
  return writeResult(folder, interpretation);
}

/** @returns the file's path */
export function writeResult(folder: string, interpretation: Interpretation): string {
  const path = join(folder, `${interpretation.name}.json`);
  writeAtomic(path, JSON.stringify(interpretation));
  return path;
}

/** One JSON value a line, compressed; no file where there are none. */
export function writeLines(path: string, lines: readonly unknown[]): void {
  if (lines.length === 0) return;
  writeAtomic(path, zstdCompressSync(lines.map((line) => `${JSON.stringify(line)}\n`).join("")));
}

/** Subjects whose units are in the store. */
const KINDS: Readonly<Partial<Record<SubjectName, UnitKind>>> = { features: "feature", neurons: "neuron" };

/** Milliseconds for which what was said may be in memory only. */
const KEPT_BACK = 5000;

/** Features and neurons go to the store, other controls are collected for a file. */
export class RunSink {
  /** One value a unit. */
  readonly controls: unknown[] = [];
  readonly #store: Store;
  readonly #sae: string;
  readonly #tokenText: TokenText;

  constructor(store: Store, sae: string, tokenText: TokenText) {
    this.#store = store;
    this.#sae = sae;
    this.#tokenText = tokenText;
  }

  /** @param name of the interpretation; what one of that name said before goes */
  open(name: string): ExplanationSink {
    const writers = new Map<UnitKind, InterpretationWriter>();
    const analysed = UNIT_KINDS.filter((kind) => this.#store.analysis(this.#sae, kind) !== undefined);
    const writerOf = (kind: UnitKind) => {
      const options = { replace: true, tokenText: this.#tokenText };
      const writer = writers.get(kind) ?? this.#store.beginInterpretation(this.#sae, kind, name, options);
      writers.set(kind, writer);
      return writer;
    };
    let written = performance.now();
    return {
      put: (subject: SubjectName, unit: number, explanations: readonly ScoredExplanation[]) => {
        const kind = KINDS[subject];
        if (kind === undefined || !analysed.includes(kind)) {
          this.controls.push({ subject, unit, explanations });
          return;
        }
        writerOf(kind).put(explanations);
        if (performance.now() - written < KEPT_BACK) return;
        for (const writer of writers.values()) writer.flush();
        written = performance.now();
      },
      finish(complete) {
        for (const writer of writers.values()) {
          if (complete) writer.finish();
          else writer.flush();
        }
      },
    };
  }
}
