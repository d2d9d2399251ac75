/** The explorer has the report's colours. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DARK, LIGHT } from "../../../src/report/palette.ts";

const css = readFileSync(new URL("../../../src/explorer/page/explorer.css", import.meta.url), "utf8");

test.each(Object.keys(LIGHT) as (keyof typeof LIGHT)[])("--%s", (role) => {
  expect(css).toContain(`--${role}: light-dark(${LIGHT[role]}, ${DARK[role]});`);
});
