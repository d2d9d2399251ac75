/** Suites that need a browser: where there is none they are skipped, and their names say why. */

import type { Browser } from "playwright-core";
import { describe } from "vitest";
import { findChromium, launchChromium } from "./chromium.ts";

const path = findChromium();

/** A suite that needs a browser. */
export function describeInBrowser(name: string, suite: (launch: () => Promise<Browser>) => void): void {
  const reason = path === undefined ? " — skipped: no Chromium here (install one, or set CHROMIUM_PATH)" : "";
  describe.skipIf(path === undefined)(name + reason, () => {
    suite(() => launchChromium(path!));
  });
}
