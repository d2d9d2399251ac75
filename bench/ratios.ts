/** The table for docs/results.md: how many times faster the product is than each peer, by medians, and between which bounds. */

import type { CaseResults } from "./report.ts";

/** One row a peer, one column a case; the product is the first result of each case. */
export function ratioTable(cases: readonly CaseResults[]): string {
  const names = [...new Set(cases.flatMap(({ results }) => results.slice(1).map(({ name }) => name)))];
  const rows = [
    `| times faster than | ${cases.map((one) => one.case).join(" | ")} |`,
    `|---|${"---|".repeat(cases.length)}`,
  ];
  for (const name of names) {
    const cells = cases.map(({ results }) => {
      const product = results[0]!.seconds;
      const peer = results.find((result) => result.name === name);
      if (!peer) return "–";
      const { median, least, most } = peer.seconds;
      const bounds = `${(least / product.most).toFixed(2)} – ${(most / product.least).toFixed(2)}`;
      return `**${(median / product.median).toFixed(2)}x** (${bounds}), ${peer.setting}`;
    });
    rows.push(`| ${name} | ${cells.join(" | ")} |`);
  }
  return rows.join("\n");
}
