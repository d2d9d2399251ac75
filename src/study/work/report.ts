/** What came of the whole study, in its own folder. */

import { join } from "node:path";
import { writeJson } from "../../files/atomic.ts";
import { writeStudyReport } from "../report/write-study-report.ts";
import type { Job } from "./job.ts";

export async function report({ folder, work, hooks }: Job): Promise<void> {
  hooks.onPhase?.("writing the report");
  const { report: path, files } = writeStudyReport(folder.path);
  writeJson(join(work, "report.json"), { report: path, files });
}
