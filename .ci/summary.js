/** Prints the last line of a check, "N passed, N failed, N skipped", from Vitest's JSON, and fails unless all is well. */

import { readFileSync } from "node:fs";

const file = process.argv[2];
let results;
try {
  results = JSON.parse(readFileSync(file, "utf8"));
} catch {
  console.error(`${file} is missing or not JSON: the test run ended before it wrote its results`);
  results = { success: false, numPassedTests: 0, numFailedTests: 0, testResults: [] };
}

// A file that cannot be loaded has no test to count, yet it is a failure.
const unloaded = results.testResults.filter(
  (suite) => suite.status === "failed" && suite.assertionResults.length === 0,
);
const passed = results.numPassedTests;
const failed = results.numFailedTests + unloaded.length;
const skipped = (results.numPendingTests ?? 0) + (results.numTodoTests ?? 0);

if (!results.success || failed > 0 || passed === 0) process.exitCode = 1;
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
