/** Prints the last line of a check, "N passed, N failed, N skipped", from Vitest's JSON files, and fails unless all is well. */

import { readFileSync } from "node:fs";

const sum = { passed: 0, failed: 0, skipped: 0 };
for (const file of process.argv.slice(2)) {
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
  const failed = results.numFailedTests + unloaded.length;
  const skipped = (results.numPendingTests ?? 0) + (results.numTodoTests ?? 0);
  // Where nothing ran at all, something is wrong, unless all of it was skipped.
  if (!results.success || failed > 0 || results.numPassedTests + skipped === 0) process.exitCode = 1;
  sum.passed += results.numPassedTests;
  sum.failed += failed;
  sum.skipped += skipped;
}
if (sum.passed === 0) process.exitCode = 1;
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
