/** report.html, plots/*.svg, trials.json, trials.csv and trials.parquet of a study, from the results that are there by now. */

import { join } from "node:path";
import { writeAtomic } from "../../files/atomic.ts";
import { standalone } from "../../report/figure.ts";
import { collectOutcomes } from "../outcomes/collect.ts";
import { writeOutcomes } from "../outcomes/write-outcomes.ts";
import { StudyFolder } from "../study-folder.ts";
import { analyseStudy } from "./analysis.ts";
import { allFigures, studyFigures } from "./figures.ts";
import { studyPage } from "./study-page.ts";

export interface WrittenStudyReport {
  /** Path of report.html. */
  readonly report: string;
  /** Paths of the plots and the data. */
  readonly files: readonly string[];
}

/**
 * Writes the report of the study in `path` into it, however far the study is. `out`: into another folder.
 * @throws UsageError when there is no study, Failure when its plan is damaged or the report cannot be written
 */
export function writeStudyReport(path: string, out: string = path): WrittenStudyReport {
  const study = collectOutcomes(StudyFolder.open(path));
  const analysis = analyseStudy(study);
  const figures = studyFigures(analysis);
  const plots = allFigures(figures).map((figure) => {
    const file = join(out, "plots", `${figure.name}.svg`);
    writeAtomic(file, standalone(figure));
    return file;
  });
  const files = [...writeOutcomes(out, study), ...plots];
  const report = join(out, "report.html");
  writeAtomic(report, studyPage(analysis, figures));
  return { report, files };
}
