/** What was run and how to run it again: model, text, machine, configuration, time by phase, the command. */

import { shellWord } from "../files/shell-word.ts";
import { formatBytes, formatCount, formatDuration, formatTime } from "./format.ts";
import { html, type Markup } from "./markup.ts";
import type { RunRecord } from "./run-folder.ts";

/** A record as rows of name and value; nested records become "outer · inner". */
export function factTable(facts: Record<string, unknown> | undefined): Markup | null {
  const rows = Object.entries(facts ?? {}).flatMap(([name, value]) => flattened(name, value));
  if (rows.length === 0) return null;
  return html`<table class="facts">
    <tbody>
      ${rows.map(
        ([name, value]) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td>${value}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

export function phaseTable({ phases = [], peak_memory_bytes, started, finished }: RunRecord): Markup | null {
  if (phases.length === 0) return null;
  const total = phases.reduce((sum, { seconds }) => sum + seconds, 0);
  const width = (seconds: number) => `${total > 0 ? Math.max(0.5, (100 * seconds) / total).toFixed(1) : 0}%`;
  return html`<table class="phases">
    <tbody>
      ${phases.map(
        ({ name, seconds }) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td class="n">${formatDuration(seconds)}</td>
            <td class="bar"><i style="width:${width(seconds)}"></i></td>
          </tr>`,
      )}
    </tbody>
    <tfoot>
      <tr>
        <th scope="row">Total</th>
        <td class="n">${formatDuration(total)}</td>
        <td class="aside">
          ${[
            peak_memory_bytes === undefined ? "" : `peak memory ${formatBytes(peak_memory_bytes)}`,
            started && finished ? `finished ${formatTime(finished)}` : "",
          ]
            .filter(Boolean)
            .join("; ")}
        </td>
      </tr>
    </tfoot>
  </table>`;
}

/** The command line as one would paste it into a shell. */
export function commandLine({ command }: RunRecord): string | null {
  if (command === undefined) return null;
  return typeof command === "string" ? command : command.map(shellWord).join(" ");
}

function flattened(name: string, value: unknown): [string, string][] {
  if (value === null || value === undefined) return [];
  const label = name.replace(/_bytes$/, "").replaceAll("_", " ");
  if (Array.isArray(value)) {
    return value.length === 0 ? [] : [[label, value.map((item) => scalar(name, item)).join(", ")]];
  }
  if (typeof value === "object") {
    return Object.entries(value).flatMap(([inner, item]) =>
      flattened(inner, item).map(([rest, shown]): [string, string] => [`${label} · ${rest}`, shown]),
    );
  }
  return [[label, scalar(name, value)]];
}

function scalar(name: string, value: unknown): string {
  if (typeof value === "object") return JSON.stringify(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return String(value);
  if (/bytes|memory/.test(name)) return formatBytes(value);
  if (/seed|revision/.test(name)) return String(value);
  return Number.isInteger(value) ? formatCount(value) : String(value);
}
