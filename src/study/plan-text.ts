/** A plan in lines, for `sweep --dry-run`: what differs, what shares a stream, and what every part will take. */

import { formatBytes, formatCount, formatDuration, onOneLine } from "../report/format.ts";
import { type Group, type Part, type Plan, STAGES } from "./plan.ts";

export function planLines(plan: Plan): string[] {
  const { title, question, trials } = plan;
  const orders = new Set(plan.groups.map(({ stream }) => stream.streamSeed)).size;
  return [
    `${title}: ${counted(trials.length, "trial")}`,
    ...(question === null ? [] : [`  ${question}`]),
    ...factorLines(plan),
    "",
    `${counted(plan.groups.length, "group")}, each trained on one stream of activations:`,
    ...plan.groups.flatMap((group) => groupLines(plan, group, orders > 1)),
    "",
    ...partLines(plan),
    "",
    ...totalLines(plan),
  ].map(onOneLine);
}

function factorLines({ factors }: Plan): string[] {
  const names = Object.keys(factors);
  const width = Math.max(0, ...names.map((name) => name.length));
  return Object.entries(factors).map(
    ([name, values]) => `  ${name.padEnd(width)}  ${values.map((value) => value ?? "none").join(", ")}`,
  );
}

/** @param ordered with the seed that shuffles its text */
function groupLines(
  { texts, trials }: Plan,
  { name, trials: members, stream, text }: Group,
  ordered: boolean,
): string[] {
  const { trainTokens } = texts.find((one) => one.name === text)!;
  const shuffled = stream.shuffleWeights === undefined ? "" : " with shuffled weights";
  const source = `${stream.hook} of ${stream.model}${shuffled}`;
  const own = trials.filter((trial) => members.includes(trial.name));
  const room = 100;
  const rows: string[] = [];
  for (const trial of own) {
    const last = rows.at(-1);
    if (last !== undefined && last.length + trial.name.length + 2 <= room)
      rows[rows.length - 1] += `, ${trial.name}`;
    else rows.push(`      ${trial.name}`);
  }
  const about =
    `${source}; text ${text}: ${stream.data.join(", ")}, ${formatCount(trainTokens)} tokens` +
    (ordered ? `, in order ${stream.streamSeed}` : "");
  return [`  ${name}  ${about}`, ...rows];
}

/** Stages whose parts are all alike in one line each would hide the dear ones: every part has its own. */
function partLines({ parts }: Plan): string[] {
  const rows = parts.map(({ name, needs, forecast }) => [
    name,
    formatDuration(forecast.seconds),
    formatBytes(forecast.memoryBytes),
    formatBytes(forecast.diskBytes),
    needs.length === 0 ? "" : needs.length > 3 ? `${needs.length} parts` : needs.join(", "),
  ]);
  return table([["part", "time", "memory", "disk", "needs"], ...rows]);
}

/** One sentence for parts that are forecast to take more than they may; undefined where none is. */
export function memoryWarning({ parts, memoryBytes }: Plan): string | undefined {
  const large = parts
    .filter(({ forecast }) => forecast.memoryBytes > memoryBytes)
    .sort((a, b) => b.forecast.memoryBytes - a.forecast.memoryBytes);
  const [first] = large;
  if (first === undefined) return undefined;
  const others = large.length === 1 ? "" : ` and ${counted(large.length - 1, "other part")}`;
  return (
    `${first.name}${others} will take about ${formatBytes(first.forecast.memoryBytes)}, more than the ` +
    `${formatBytes(memoryBytes)} that a part may: allow more with "memory", or measure less`
  );
}

function totalLines(plan: Plan): string[] {
  const { parts, threads, memoryBytes, checkpointMinutes } = plan;
  const warning = memoryWarning(plan);
  const sum = (some: readonly Part[]) => some.reduce((total, { forecast }) => total + forecast.seconds, 0);
  const disk = parts.reduce((total, { forecast }) => total + forecast.diskBytes, 0);
  const most = Math.max(...parts.map(({ forecast }) => forecast.memoryBytes));
  const stages = STAGES.flatMap((stage) => {
    const own = parts.filter((part) => part.stage === stage);
    return own.length === 0 ? [] : [`${stage} ${formatDuration(sum(own))}`];
  });
  return [
    `one after the other ${formatDuration(sum(parts))} on ${counted(threads, "thread")} (${stages.join(", ")}); ` +
      `all at once ${formatDuration(longestChain(parts))}`,
    `memory of the largest part ${formatBytes(most)}, of ${formatBytes(memoryBytes)} that one may take; disk ${formatBytes(disk)} in all; ` +
      `a checkpoint every ${checkpointMinutes} minutes`,
    ...(warning === undefined ? [] : [warning]),
  ];
}

/** Seconds until the last part is done when each begins as soon as it can. Parts stand behind what they need. */
export function longestChain(parts: readonly Part[]): number {
  const done = new Map<string, number>();
  for (const { name, needs, forecast } of parts) {
    done.set(name, forecast.seconds + Math.max(0, ...needs.map((needed) => done.get(needed)!)));
  }
  return Math.max(0, ...done.values());
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    `  ${row
      .map((cell, column) =>
        column >= 1 && column <= 3 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join("  ")}`.trimEnd(),
  );
}

function counted(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? "" : "s"}`;
}
