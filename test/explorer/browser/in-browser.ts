/** Suites that need a browser: where there is none they are skipped, their names say why, and so does one line of the output. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { describe, inject } from "vitest";
import { findChromium, launchChromium } from "./chromium.ts";

const path = findChromium();
const REASON = "no Chromium here: install one, or set CHROMIUM_PATH";

/** A suite that needs a browser. */
export function describeInBrowser(name: string, suite: (launch: () => Promise<Browser>) => void): void {
  if (path === undefined) sayOnce(`The tests of the explorer's pages are skipped, since there is ${REASON}`);
  const reason = path === undefined ? ` — skipped: ${REASON}` : "";
  describe.skipIf(path === undefined)(name + reason, () => {
    suite(() => launchChromium(path!));
  });
}

/** In all files of tests of one go together. */
function sayOnce(line: string): void {
  try {
    mkdirSync(join(inject("sharedFolder"), "said"));
  } catch {
    return;
  }
  process.stderr.write(`${line}\n`);
}
