/**
 * The explorer in Chromium at 24,576 features with 80 examples each: how long until the list is there, and until a feature's page is.
 *
 *     node bench/explorer.ts [--units 24576] [--examples 80] [--rounds 15] [--out build/bench/explorer.json]
 *
 * The analysis is synthetic, server and page are as users start them. A document is opened in a browser context of its own, so nothing
 * is cached; a page within the document without the pointer having rested on a link, so nothing was fetched before. Times are the
 * page's own, from the start of the navigation to the frame after the content. Wanted: the first paint within a second, a feature's page
 * within 200 ms. Costs a minute and 300 MB in the temporary folder; browser and server share the cores.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { writeJson } from "../src/files/atomic.ts";
import { openStore, STORE_FILE } from "../src/store/store.ts";
import { findChromium, launchChromium } from "../test/explorer/browser/chromium.ts";
import { explore } from "../test/explorer/browser/explorer.ts";
import { fabricateRun, GOOD } from "../test/report/fabricated-run.ts";
import { writeAnalysis } from "../test/store/synthetic.ts";
import { median } from "./contest.ts";
import { describeMachine } from "./machine.ts";

const { values: options } = parseArgs({
  options: {
    units: { type: "string", default: "24576" },
    examples: { type: "string", default: "80" },
    rounds: { type: "string", default: "15" },
    out: { type: "string", default: "build/bench/explorer.json" },
  },
});
const count = Number(options.units);
const rounds = Number(options.rounds);
const DEAD = 20;
/** Until the browser rests, and neighbours were fetched. */
const REST_MS = 300;
const executable = findChromium();
if (executable === undefined) throw new Error("there is no Chromium: install one, or set CHROMIUM_PATH");
const machine = describeMachine();
const folder = mkdtempSync(join(tmpdir(), "bench-explorer-"));

function makeRun(): string {
  const run = join(folder, "run");
  fabricateRun(run, { saes: [{ ...GOOD, name: "sae", dSae: count }] });
  const store = openStore(join(run, STORE_FILE));
  const shape = { count, vocabulary: 50_257, contexts: 4_000, context: 128, dead: DEAD };
  writeAnalysis(store, "sae", { ...shape, examples: Number(options.examples) });
  store.close();
  return run;
}

/** A different one each round, far from those before, and not a dead one. */
function unitOf(round: number): number {
  const index = (round * 7919 + 1) % count;
  return index % DEAD === DEAD - 1 ? index - 1 : index;
}

interface Watched {
  /** Milliseconds since the navigation began. */
  shown(what: "list" | number): Promise<number>;
}

/** Runs in the page, before its own script: when the list, or a feature's contexts, have been painted. */
function watch(): void {
  const isThere = (what: "list" | number) => {
    if (what === "list") return document.querySelector('[role="listbox"] [role="option"] b') !== null;
    const title = document.querySelector("h1")?.textContent.replaceAll(/\D/g, "");
    return (
      title === String(what) && document.querySelector('[role="group"][aria-label^="Activation"]') !== null
    );
  };
  (globalThis as unknown as Watched).shown = (what) =>
    new Promise((resolve) => {
      const look = () => {
        // A task after the frame that has it: painted.
        if (isThere(what)) setTimeout(() => resolve(performance.now()), 0);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
}

interface Opened {
  readonly paint: number;
  readonly shown: number;
}

async function openDocument(browser: Browser, address: string, what: "list" | number): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(watch);
  await page.goto(address, { waitUntil: "commit" });
  const shown = await page.evaluate((of) => (globalThis as unknown as Watched).shown(of), what);
  const paint = await page.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
  );
  await context.close();
  return { paint, shown };
}

/** Goes to an address as the page's own links do. */
function openWithin(page: Page, path: string, index: number): Promise<number> {
  return page.evaluate(
    async ({ to, of }) => {
      const start = performance.now();
      history.pushState(null, "", to);
      dispatchEvent(new PopStateEvent("popstate"));
      return (await (globalThis as unknown as Watched).shown(of)) - start;
    },
    { to: path, of: index },
  );
}

try {
  const run = makeRun();
  const [explorer, browser] = await Promise.all([explore([run]), launchChromium(executable)]);
  const pathOf = (index: number) => `/feature/run/sae/${index}`;
  const lists: Opened[] = [];
  const units: Opened[] = [];
  const within: number[] = [];
  try {
    for (let round = 0; round <= rounds; round++) {
      lists.push(await openDocument(browser, `${explorer.address}/features/run/sae`, "list"));
      units.push(
        await openDocument(browser, explorer.address + pathOf(unitOf(2 * round)), unitOf(2 * round)),
      );
    }
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    await page.addInitScript(watch);
    await page.goto(`${explorer.address}/features/run/sae`);
    for (let round = 0; round <= rounds; round++) {
      await sleep(REST_MS);
      const index = unitOf(2 * round + 1);
      within.push(await openWithin(page, pathOf(index), index));
    }
  } finally {
    await browser.close();
    await explorer.end();
  }
  // The first of each finds caches of disk, server and compiler empty.
  const summary = (name: string, wanted: string, [first, ...rest]: readonly number[]) => ({
    name,
    wanted,
    first: first!,
    milliseconds: median(rest),
    most: Math.max(...rest),
  });
  const results = [
    summary(
      "list opened: first paint",
      "1,000",
      lists.map(({ paint }) => paint),
    ),
    summary(
      "list opened: its rows",
      "",
      lists.map(({ shown }) => shown),
    ),
    summary(
      "feature opened: first paint",
      "1,000",
      units.map(({ paint }) => paint),
    ),
    summary(
      "feature opened: its contexts",
      "",
      units.map(({ shown }) => shown),
    ),
    summary("feature from within the page: its contexts", "200", within),
  ];
  const ms = (value: number) => value.toFixed(0);
  console.log(
    [
      `${count} features, ${options.examples} examples each`,
      "",
      "| | first, ms | median, ms | slowest, ms | wanted, ms |",
      "|---|---|---|---|---|",
      ...results.map(
        ({ name, wanted, first, milliseconds, most }) =>
          `| ${name} | ${ms(first)} | ${ms(milliseconds)} | ${ms(most)} | ${wanted} |`,
      ),
    ].join("\n"),
  );
  writeJson(options.out, { benchmark: "the explorer", machine, count, rounds, results });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
