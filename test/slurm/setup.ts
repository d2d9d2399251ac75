/** Before the tests on Slurm: a folder for all of them, and undisturbed runs on this machine to compare with, which go on beside them. */

import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { LAUNCHER, start } from "../cli/processes.ts";
import { missing } from "./clusters.ts";
import { writeStudies } from "./studies.ts";

export function setup(project: TestProject): (() => Promise<void>) | undefined {
  const folder = mkdtempSync(join(tmpdir(), "monosemantic-slurm-"));
  // The controller is not root.
  chmodSync(folder, 0o755);
  project.provide("sharedFolder", folder);
  if (missing() !== undefined) return () => Promise.resolve(rmSync(folder, { recursive: true, force: true }));
  writeStudies(folder);
  const alone = ["plain", "wide"].map((name) =>
    start(process.execPath, [
      LAUNCHER,
      "sweep",
      join(folder, `${name}.json`),
      "--out",
      join(folder, `${name}-here`),
      "--jobs",
      "1",
    ]),
  );
  return async () => {
    for (const { child } of alone) child.kill();
    await Promise.allSettled(alone.map(({ finished }) => finished));
    rmSync(folder, { recursive: true, force: true });
  };
}
