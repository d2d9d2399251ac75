/** Tables and numbers of the findings, as Markdown on standard output. */

import type { Interval } from "../../src/statistics/quantiles.ts";

// Whoever reads the first lines only is done.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function table(header: readonly string[], lines: readonly (readonly string[])[]): void {
  say(`| ${header.join(" | ")} |`);
  say(`|${header.map(() => "---|").join("")}`);
  for (const line of lines) say(`| ${line.join(" | ")} |`);
  say("");
}

/** With a minus sign, and without a sign for what rounds to 0. */
export function fixed(value: number, digits = 3): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : text.replace("-", "−");
}

export function intervalText([low, high]: Readonly<Interval>, digits = 3): string {
  return `${fixed(low, digits)} to ${fixed(high, digits)}`;
}
