/** `report.html` and `plots/*.svg` of a run directory. */

import { join } from "node:path";
import { writeAtomic } from "../files/atomic.ts";
import { type Figure, standalone } from "./figure.ts";
import { page, type ReportFigures } from "./page.ts";
import { seriesColour } from "./palette.ts";
import { densityFigure } from "./plots/density.ts";
import { frontierFigure } from "./plots/frontier.ts";
import { cosineFigure, l0Figure } from "./plots/histograms.ts";
import { lossesFigure } from "./plots/losses.ts";
import { rareFigures } from "./plots/rare.ts";
import { scoreHistograms } from "./plots/score-histograms.ts";
import { trainingCurves } from "./plots/training-curves.ts";
import { type ReportedSae, readRunFolder, type RunFolder } from "./run-folder.ts";

export interface WrittenReport {
  /** Path of report.html. */
  readonly report: string;
  /** Paths of the SVG files. */
  readonly plots: readonly string[];
}

/**
 * Writes the report of `runFolder` into it, whatever state the run is in.
 * @throws Failure when the folder is no run directory, a file in it is damaged, or the report cannot be written.
 */
export function writeReport(runFolder: string): WrittenReport {
  const folder = readRunFolder(runFolder);
  const figures = figuresOf(folder);
  const report = join(folder.path, "report.html");
  const plots = namedFigures(folder, figures).map(([name, figure]) => {
    const path = join(folder.path, "plots", `${name}.svg`);
    writeAtomic(path, standalone(figure));
    return path;
  });
  writeAtomic(report, page(folder, figures));
  return { report, plots };
}

function figuresOf({ saes }: RunFolder): ReportFigures {
  const evaluated = saes.flatMap(({ evaluation }, index) =>
    evaluation ? [{ evaluation, fill: seriesColour(index) }] : [],
  );
  return {
    losses: evaluated.length > 0 ? lossesFigure(evaluated) : null,
    frontier: frontierFigure(evaluated),
    training: trainingCurves(saes),
    features: saes.map(featureFigures),
    scores: saes.map(({ interpretation }) => interpretation && scoreHistograms(interpretation)),
  };
}

function featureFigures({ evaluation, features }: ReportedSae, index: number): Figure[] {
  if (evaluation === null) return [];
  const fill = seriesColour(index);
  return [
    densityFigure(evaluation, fill),
    l0Figure(evaluation, fill),
    cosineFigure(evaluation, fill),
    ...(features ? rareFigures(evaluation, features, fill) : []),
  ];
}

/** Each figure under its file name: those of one SAE among several carry its name. */
function namedFigures(
  { saes }: RunFolder,
  { losses, frontier, training, features, scores }: ReportFigures,
): [string, Figure][] {
  const shared = [losses, frontier, ...training].flatMap((figure): [string, Figure][] =>
    figure ? [[figure.name, figure]] : [],
  );
  const own = features.flatMap((figures, index) => {
    const score = scores[index];
    const prefix = saes.length > 1 ? `${saes[index]!.name.replace(/[^\w.-]+/g, "-")}-` : "";
    return [...figures, ...(score ? [score] : [])].map((figure): [string, Figure] => [
      prefix + figure.name,
      figure,
    ]);
  });
  return [...shared, ...own];
}
