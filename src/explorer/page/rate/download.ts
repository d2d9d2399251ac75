/** Ratings as files: JSON as the server gives them, CSV for spreadsheets. */

import type { RatingResults } from "../../api.ts";

const COLUMNS = [
  "rater",
  "kind",
  "index",
  "interval",
  "confidence",
  "activations",
  "logits",
  "separation",
  "specificity",
  "total",
  "score",
  "interpretation",
  "created",
] as const satisfies readonly (keyof RatingResults["ratings"][number])[];

/** RFC 4180, with a line for each rating. Text that a spreadsheet would run as a formula gets an apostrophe before it. */
export function ratingsAsCsv(ratings: RatingResults["ratings"]): string {
  const lines = [
    COLUMNS.join(","),
    ...ratings.map((rating) => COLUMNS.map((column) => cell(rating[column])).join(",")),
  ];
  return `${lines.join("\r\n")}\r\n`;
}

function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const inert = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

/** Hands a file to the browser. */
export function download(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
