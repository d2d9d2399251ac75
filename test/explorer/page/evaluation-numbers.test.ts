/** The page shows an evaluation's numbers under the report's definitions. */

import { expect, test } from "vitest";
import { definition, evaluationSchema } from "../../../src/evaluation/result.ts";
import {
  EVALUATION_GROUPS,
  intervalText,
  valueText,
} from "../../../src/explorer/page/run/evaluation-numbers.ts";

const rows = EVALUATION_GROUPS.flatMap((group) => group.rows);

test("every definition is the sentence that the report shows", () => {
  for (const row of rows) expect(row.definition).toBe(definition(row.field));
});

test("every number of an evaluation that has an interval shows it", () => {
  const fields = Object.keys(evaluationSchema.shape);
  for (const field of fields.filter((name) => name.endsWith("_ci"))) {
    expect(rows.find((row) => row.interval === field)?.field).toBe(field.replace(/_ci$/, ""));
  }
  expect(new Set(rows.map(({ field }) => field)).size).toBe(rows.length);
});

test("shares are written as percent, and what is not defined as a dash", () => {
  const evaluation = {
    loss_recovered_zero: 0.9734415,
    loss_recovered_zero_ci: [0.9726, 0.9742],
    loss_recovered_mean: null,
    loss_recovered_mean_ci: null,
  } as unknown as Parameters<typeof valueText>[1];
  const row = (field: string) => rows.find((one) => one.field === field)!;
  expect(valueText(row("loss_recovered_zero"), evaluation)).toBe("97.34\u202f%");
  expect(intervalText(row("loss_recovered_zero"), evaluation)).toBe("97.26 – 97.42\u202f%");
  expect(valueText(row("loss_recovered_mean"), evaluation)).toBe("–");
  expect(intervalText(row("loss_recovered_mean"), evaluation)).toBeNull();
});
