/** What came of the whole study, in its own folder. */

import type { Job } from "./job.ts";

export async function report({ hooks }: Job): Promise<void> {
  hooks.onPhase?.("writing the report");
}
