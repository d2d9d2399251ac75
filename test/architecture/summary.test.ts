/** The last line of a check, which others read: built from Vitest's own count, red whenever something is wrong. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { HOME } from "./imports.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-summary-"));
afterAll(() => rmSync(folder, { recursive: true }));

const results = (counts: object, testResults: object[] = []) =>
  JSON.stringify({ success: true, numPassedTests: 0, numFailedTests: 0, testResults, ...counts });

const unloadedFile = { status: "failed", assertionResults: [] };

test.each([
  [
    "all passed",
    results({ numPassedTests: 7, numPendingTests: 2, numTodoTests: 1 }),
    "7 passed, 0 failed, 3 skipped",
    0,
  ],
  [
    "one failed",
    results({ numPassedTests: 7, numFailedTests: 1, success: false }),
    "7 passed, 1 failed, 0 skipped",
    1,
  ],
  ["a file did not load", results({ numPassedTests: 7 }, [unloadedFile]), "7 passed, 1 failed, 0 skipped", 1],
  [
    "an error outside a test",
    results({ numPassedTests: 7, success: false }),
    "7 passed, 0 failed, 0 skipped",
    1,
  ],
  ["no test ran", results({}), "0 passed, 0 failed, 0 skipped", 1],
  ["no results", "", "0 passed, 0 failed, 0 skipped", 1],
])("%s", (name, json, line, status) => {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, json);
  const summary = spawnSync(process.execPath, [join(HOME, ".ci", "summary.js"), file], { encoding: "utf8" });
  expect(summary.stdout.trimEnd().split("\n").at(-1)).toBe(line);
  expect(summary.status).toBe(status);
});
