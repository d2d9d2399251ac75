/**
 * Features of a SAEDashboard export, of whatever model and dictionary: explained and scored on the contexts that it shows. There is no
 * model to ask and no text beyond it, so the only controls are another feature's explanation and a constant.
 *
 *     FILE.json ─► FILE.interpretation/NAME.json, NAME.units.jsonl.zst, answers/
 */

import { existsSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { makeFolder, writeFailure } from "../files/atomic.ts";
import { checksum } from "../files/checksum.ts";
import { readSaeDashboard } from "../interpretation/evidence/saedashboard.ts";
import type { Interpretation } from "../interpretation/result.ts";
import { sampleUnits } from "../interpretation/study/sample-units.ts";
import type { InterpretationRequest } from "./interpretation-request.ts";
import { type InterpretationSummary, requireAny } from "./interpret.ts";
import { openModel } from "./interpretation-interpreter.ts";
import { interpretSubjects, textOf } from "./interpretation-study.ts";
import { writeLines, writeResult } from "./interpretation-files.ts";
import type { RunHooks } from "./request.ts";

/** Whether the path names a batch, and no run directory. */
export function isDashboard(path: string): boolean {
  return extname(path) === ".json" && existsSync(path) && statSync(path).isFile();
}

/** @throws Failure for a file that is no batch of SAEDashboard's, and as the parts do */
export async function interpretDashboard(
  request: InterpretationRequest,
  hooks: RunHooks = {},
): Promise<InterpretationSummary> {
  const started = performance.now();
  const batch = readSaeDashboard(request.run, request.seed);
  const folder = join(dirname(request.run), `${basename(request.run, ".json")}.interpretation`);
  try {
    makeFolder(folder);
  } catch (error) {
    throw writeFailure(folder, error);
  }
  const model = await openModel(request, join(folder, "answers"), hooks);
  // Rounded by its maker, to 0 for rare ones that are shown all the same.
  const densities = batch.features.map(({ density, evidence: { passage, column } }) =>
    density > 0 ? density : column.rows.length / passage.tokens.length,
  );
  const rule = request.features === undefined ? "all" : request.sampling;
  const chosen = sampleUnits(densities, rule, request.features ?? Infinity, request.seed, "features").map(
    (place) => ({ unit: batch.features[place]!.index, evidence: batch.features[place]!.evidence }),
  );
  const lines: unknown[] = [];
  const found = await interpretSubjects(
    {
      request,
      label: basename(request.run),
      model,
      subjects: [
        {
          subject: "features",
          count: batch.features.length,
          alive: densities.filter((density) => density > 0).length,
          chosen,
        },
      ],
      text: chosen.map(({ evidence }) => textOf(evidence.passage)).reduce(sum, NO_TEXT),
      probeOf: () => null,
      sinkOf: () => ({
        put: (subject, unit, explanations) => void lines.push({ subject, unit, explanations }),
        finish: () => {},
      }),
    },
    hooks,
  );
  if (found === null) return { run: request.run, interpretations: [] };
  requireAny(found);
  const interpretation: Interpretation = {
    ...found,
    sae: `${batch.modelId}/${batch.layer}-${batch.saeSet}`,
    weights: checksum(request.run),
    hook: String(batch.layer),
    seconds: (performance.now() - started) / 1000,
    notes: [
      "explained and scored on the contexts of a dashboard, most of them chosen because the feature is active there: scores are not those of a run's text, and there are no controls but another feature's explanation and a constant",
      ...found.notes,
    ],
  };
  writeLines(join(folder, `${interpretation.name}.units.jsonl.zst`), lines);
  return {
    run: request.run,
    interpretations: [{ file: writeResult(folder, interpretation), interpretation }],
  };
}

const NO_TEXT: Interpretation["text"] = { tokens: 0, documents: { explain: 0, choose: 0, score: 0 } };

function sum(a: Interpretation["text"], b: Interpretation["text"]): Interpretation["text"] {
  return {
    tokens: a.tokens + b.tokens,
    documents: {
      explain: a.documents.explain + b.documents.explain,
      choose: a.documents.choose + b.documents.choose,
      score: a.documents.score + b.documents.score,
    },
  };
}
