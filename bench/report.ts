/** How a benchmark shows and stores what it measured. */

import { writeJson } from "../src/files/atomic.ts";
import type { Result } from "./contest.ts";
import { describeMachine, type Machine } from "./machine.ts";

export interface CaseResults {
  readonly case: string;
  readonly results: readonly Result[];
}

/** A Markdown table: one row a contender, tokens a second with the range of single runs, and the ratio to the first. */
export function table(cases: readonly CaseResults[]): string {
  const rows = [
    "| case | contender | setting | tokens/s | slowest … fastest run | product is |",
    "|---|---|---|---|---|---|",
  ];
  for (const { case: name, results } of cases) {
    const product = results[0]!;
    for (const { name: contender, setting, tokens, tokensPerSecond, seconds } of results) {
      const range = `${rate(tokens / seconds.most)} … ${rate(tokens / seconds.least)}`;
      const ratio =
        contender === product.name ? "" : `${(product.tokensPerSecond / tokensPerSecond).toFixed(2)}×`;
      rows.push(`| ${name} | ${contender} | ${setting} | ${rate(tokensPerSecond)} | ${range} | ${ratio} |`);
    }
  }
  return rows.join("\n");
}

function rate(tokensPerSecond: number): string {
  return Math.round(tokensPerSecond).toLocaleString("en");
}

/** Prints the table and writes everything to `path`. */
export function report(
  path: string,
  benchmark: string,
  machine: Machine,
  peer: unknown,
  cases: readonly CaseResults[],
  extra: Record<string, unknown> = {},
): void {
  writeJson(path, {
    benchmark,
    measured: new Date().toISOString(),
    machine: { ...machine, loadAfter: describeMachine().loadBefore },
    peer: peer ?? "none",
    ...extra,
    cases,
  });
  console.log(`${machine.cpu}, ${machine.cores} cores, load before ${machine.loadBefore}`);
  if (machine.loadBefore > machine.cores / 2) {
    console.error(
      "WARNING: the machine was busy with other work before this started; measure again when it is idle",
    );
  }
  console.log(table(cases));
  console.error(`written to ${path}`);
}
