/**
 * Pictures of the explorer for README and docs: every page of a run, wide in light and dark, and some of them in a narrow window.
 *
 *     npm run screenshots -- [RUN …] [--study STUDY] [--feature 123] [--text "…"] [--at 3] [--prompt "…"] [--value 1] [--out docs/pictures]
 *
 * The first run has to be analysed and explained (monosemantic explain RUN); others appear on the page that compares. Without a run only
 * the study's pages are taken. Sizes are fixed, so that pictures of another run take the same place. Fonts for the scripts of the tokens
 * have to be installed. Half a minute.
 */

import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import type { RunSummary, UnitList, UnitRow } from "../src/explorer/api.ts";
import type { StudySummary } from "../src/explorer/study-api.ts";
import { findChromium, launchChromium } from "../test/explorer/browser/chromium.ts";
import { explore } from "../test/explorer/browser/explorer.ts";

const { values: options, positionals: runs } = parseArgs({
  allowPositionals: true,
  options: {
    study: { type: "string" },
    feature: { type: "string" },
    text: {
      type: "string",
      default: "The function returns an error when the key aGVsbG8gd29ybGQ= is not found.",
    },
    /** Place of the token that is looked at. */
    at: { type: "string", default: "3" },
    prompt: { type: "string", default: "1,2,3,4,5,6,7,8,9,10" },
    /** In multiples of the feature's maximum. */
    value: { type: "string", default: "1" },
    out: { type: "string", default: "docs/pictures" },
  },
});
const chromium = findChromium();
const opened = [...runs, ...(options.study === undefined ? [] : [options.study])];
if (opened.length === 0 || chromium === undefined) {
  console.error(
    opened.length === 0
      ? "name a run directory, or a study with --study"
      : "there is no Chromium: install one, or set CHROMIUM_PATH",
  );
  process.exit(2);
}

const WIDE = { width: 1280, height: 860 };
const NARROW = { width: 390, height: 760 };
/** Pixels of a picture for each of the page: sharp on fine screens, and still small. */
const SHARPNESS = 1.5;
const QUALITY = 82;

interface Shot {
  readonly name: string;
  readonly path: string;
  /** Resolves when all that is to be seen is there. */
  readonly ready: (page: Page) => Promise<unknown>;
  readonly narrow?: boolean;
  /** The heading that stands at the top; that of the page unless given. */
  readonly from?: string;
}

const explorer = await explore(opened);
const browser = await launchChromium(chromium);
try {
  const shots = [
    ...(runs.length > 0 ? await runShots(explorer.address) : []),
    ...(options.study === undefined ? [] : await studyShots(explorer.address)),
  ];
  mkdirSync(resolve(options.out), { recursive: true });
  for (const shot of shots) {
    for (const scheme of ["light", "dark"] as const) {
      await take(browser, explorer.address, shot, `${shot.name}-${scheme}`, { ...WIDE, scheme });
    }
    if (shot.narrow === true) {
      await take(browser, explorer.address, shot, `${shot.name}-narrow`, { ...NARROW, scheme: "light" });
    }
  }
} finally {
  await browser.close();
  await explorer.end();
}

async function answer<T>(address: string, path: string): Promise<T> {
  return (await (await fetch(address + path)).json()) as T;
}

/** Where a study opens: what it is, and its trials. */
async function studyShots(address: string): Promise<readonly Shot[]> {
  const [study] = await answer<StudySummary[]>(address, "/api/studies");
  const path = `/study/${encodeURIComponent(study!.id)}`;
  const trials = (page: Page) => page.getByRole("table").first().waitFor({ timeout: 60_000 });
  return [
    { name: "study", path, ready: trials, narrow: true },
    { name: "study-effects", path, ready: trials, from: "Effects" },
  ];
}

async function runShots(address: string): Promise<readonly Shot[]> {
  const json = <T>(path: string) => answer<T>(address, path);
  const [run] = await json<RunSummary[]>("/api/runs");
  const sae = run!.saes.find(({ analyses }) => analyses.some(({ kind }) => kind === "feature"));
  if (sae === undefined) throw new Error(`${runs[0]} was not analysed: monosemantic features ${runs[0]}`);
  const place = `${encodeURIComponent(run!.id)}/${encodeURIComponent(sae.name)}`;
  const { index, max } = await featureOf(json, `/api/runs/${place}`);
  const { text, prompt } = options;
  const steering = new URLSearchParams({
    with: `f${index}_clamp_${Number((Number(options.value) * max).toPrecision(3))}`,
    prompt,
    temperature: "0.7",
    seed: "1",
  });
  const generate = async (page: Page) => {
    await page.getByRole("button", { name: "Generate" }).click();
    await page.getByRole("button", { name: "Generate" }).waitFor({ timeout: 120_000 });
    await page.getByText(/\d+ of \d+ tokens/).waitFor();
  };
  /** The strongest feature stays lit, and what makes a token is computed. */
  const read = async (page: Page) => {
    await page.getByRole("group", { name: "The text", exact: true }).waitFor({ timeout: 120_000 });
    await page.locator("section").filter({ hasText: "in this text" }).getByRole("listitem").first().click();
    await page.getByText("Ablating…").waitFor({ state: "detached", timeout: 120_000 });
    await page.mouse.move(1, 1);
  };
  const contexts = (page: Page) =>
    page
      .getByRole("group", { name: /^Activation/ })
      .first()
      .waitFor();
  return [
    {
      name: "features",
      path: `/features/${place}`,
      ready: (page) => page.getByRole("listbox").getByRole("option").first().waitFor(),
      narrow: true,
    },
    { name: "feature", path: `/feature/${place}/${index}`, ready: contexts, narrow: true },
    {
      name: "text",
      path: `/text/${place}?${new URLSearchParams({ text, at: options.at })}`,
      ready: read,
    },
    { name: "steer", path: `/steer/${place}?${steering}`, ready: generate },
    {
      name: "map",
      path: `/map/${place}?at=${index}`,
      ready: (page) => page.getByRole("application", { name: /^Map/ }).waitFor(),
    },
    {
      name: "explanations",
      path: `/feature/${place}/${index}?view=explanations`,
      ready: (page) =>
        page.getByRole("heading", { name: /^Predicted beside real/ }).waitFor({ timeout: 30_000 }),
    },
    {
      name: "meaning",
      path: `/meaning/${place}`,
      ready: (page) => page.getByRole("table").first().waitFor(),
      narrow: true,
    },
    {
      name: "rate",
      path: `/rate/${place}?rater=reader`,
      ready: (page) => page.getByRole("button", { name: /^Next/ }).waitFor({ timeout: 30_000 }),
    },
    {
      name: "run",
      path: `/run/${place}`,
      ready: (page) =>
        page
          .getByRole("img", { name: /over training tokens/ })
          .first()
          .waitFor(),
    },
    {
      name: "compare",
      path: `/compare/${place}`,
      ready: (page) => page.getByRole("table").waitFor(),
    },
  ];
}

/** The one that was asked for, or the strongest of those that are active on several whole words. */
async function featureOf(json: <T>(path: string) => Promise<T>, base: string) {
  const query = {
    kind: "feature",
    sort: "max",
    descending: "true",
    offset: "0",
    limit: "500",
    filter: "other",
  };
  const { rows } = await json<UnitList>(
    `${base}/units?${new URLSearchParams(
      options.feature === undefined ? query : { ...query, filter: "all", q: options.feature },
    )}`,
  );
  const wanted = options.feature === undefined ? rows.find(onWords)?.index : Number(options.feature);
  const row = rows.find(({ index }) => index === wanted);
  if (row === undefined)
    throw new Error(`there is no feature ${options.feature ?? "to show: give one with --feature"}`);
  return row;
}

function onWords({ tokens }: UnitRow): boolean {
  return tokens.length >= 5 && tokens.slice(0, 5).every((token) => /^ ?\p{L}{3,}$/u.test(token));
}

interface Window {
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
}

async function take(
  browser: Browser,
  address: string,
  { path, ready, from }: Shot,
  name: string,
  { width, height, scheme }: Window,
): Promise<void> {
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: SHARPNESS,
    colorScheme: scheme,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  await page.goto(address + path);
  await ready(page);
  await page.waitForLoadState("networkidle");
  await page.evaluate(() => scrollTo(0, 0));
  if (from !== undefined) {
    const heading = page.getByRole("heading", { name: from, exact: true });
    await heading.evaluate((element) => element.scrollIntoView());
    await page.waitForLoadState("networkidle");
  }
  // A frame after the last answer, for what is drawn on a canvas.
  await page.evaluate(
    () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
  );
  const session = await context.newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: QUALITY });
  const file = join(options.out, `${name}.webp`);
  writeFileSync(file, Buffer.from(data, "base64"));
  console.log(`${basename(file)}  ${width} × ${height}  ${Math.round(statSync(file).size / 1024)} kB`);
  await context.close();
}
