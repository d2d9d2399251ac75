/**
 * Text that wants to be more than text: in tokens, in what is said of features, in names of runs, in what a person types. It is shown,
 * nothing of it runs, and no page becomes wider than its window.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStore, STORE_FILE } from "../../../src/store/store.ts";
import { analysisOf, contextsOf, unitOf } from "../../store/synthetic.ts";
import { exploredRun, D_SAE } from "../explored-run.ts";
import { type Explorer, explore } from "./explorer.ts";
import { describeInBrowser } from "./in-browser.ts";
import { expectNoSidewaysScroll, FAILED_REQUEST, type Visit, visit } from "./visit.ts";

const TEXTS = [
  "<script>alert(1)</script>",
  "</script><script>alert(2)</script>",
  '"><img src=x onerror=alert(3)>',
  "<svg/onload=alert(4)>",
  "'-alert(5)-'",
  "javascript:alert(6)",
  "&lt;img src=x onerror=alert(7)&gt;",
  "long".repeat(2000),
  "W".repeat(300),
  "\u200b\u200d\ufeff",
  "\u202egnp.exe\u202d\u2066",
  "\ud800",
  "a\udc00b",
  "\0\u0007\u001b[31m\u009f",
  "\\xE2\\x80",
  "\ufffd\ufffd",
  "\n\n\n\r\n",
  "\t\t        \t",
  "\u2028\u2029",
  "שלום עולם",
  "مرحبا بالعالم",
  "中文字符".repeat(30),
  "e" + "\u0301".repeat(200),
  "👩‍👩‍👧‍👦🏴‍☠️",
  "{{constructor.constructor('alert(8)')()}}",
] as const;

/** The name of a folder may have all of these; "/" is the only one that it may not. */
const RUN = '"><img src=x onerror=alert(9)><b> \u202etxt';

const PAGES = ["features", "text", "steer", "map", "run", "compare"] as const;

describeInBrowser("hostile text", (launch) => {
  let folder: string;
  let browser: Browser;
  let explorer: Explorer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "monosemantic-hostile-"));
    const run = exploredRun(join(folder, RUN), { analysed: false });
    exploredRun(join(folder, `${"very-long-name-".repeat(15)}end`), { analysed: false });
    const store = openStore(join(run, STORE_FILE));
    for (const kind of ["feature", "neuron"] as const) {
      const shape = { kind, count: kind === "feature" ? D_SAE : 64, vocabulary: TEXTS.length, dead: 10 };
      const writer = store.begin("a", analysisOf(shape), { tokenText: (id) => TEXTS[id]! });
      writer.putContexts(contextsOf(shape));
      for (let index = 0; index < shape.count; index++) writer.putUnit(unitOf(index, shape));
      writer.commit();
    }
    store.addExplanations(
      "a",
      "feature",
      TEXTS.filter((text) => text.trim() !== "").map((text, index) => ({
        index,
        text: text.slice(0, 500),
        author: text,
        score: 0.5,
      })),
    );
    store.close();
    [browser, explorer] = await Promise.all([launch(), explore([folder])]);
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), explorer?.end()]);
    rmSync(folder, { recursive: true });
  });

  const run = encodeURIComponent(RUN);
  const at = (page: string, query = "") => `${explorer.address}/${page}/${run}/a${query}`;

  const rows = (page: Page) => page.getByRole("listbox").getByRole("option");

  /** The page's own elements are all that there is. */
  const expectOnlyText = async (page: Page) => {
    const foreign = await page.evaluate(() =>
      [...document.querySelectorAll("script, img, iframe, object, embed, [onerror], [onload]")].map(
        (element) => element.outerHTML,
      ),
    );
    expect(foreign).toEqual([expect.stringMatching(/^<script defer="" src="\/assets\/[^"]+"><\/script>$/)]);
    expect(await page.evaluate(() => document.title)).toBeTruthy();
  };
  const atEveryWidth = async (page: Page) => {
    for (const width of [390, 760, 1280]) {
      await page.setViewportSize({ width, height: 844 });
      await expectNoSidewaysScroll(page);
    }
    await expectOnlyText(page);
  };
  const visiting = async (address: string, look: (here: Visit) => Promise<void>) => {
    const here = await visit(browser, address, { viewport: { width: 390, height: 844 } });
    await look(here);
    await here.leave();
  };

  test("in tokens and explanations is text in the list, whole and searched", () =>
    visiting(at("features"), async ({ page }) => {
      await rows(page).first().waitFor();
      await rows(page).filter({ hasText: TEXTS[0] }).first().waitFor();
      await atEveryWidth(page);
      for (const text of TEXTS.slice(0, 15)) {
        await page.getByRole("searchbox").fill(text.slice(0, 200).toWellFormed());
      }
      await page.getByRole("searchbox").fill("<script>alert(1)</script>");
      await rows(page).first().waitFor();
      await page.reload();
      await rows(page).first().waitFor();
      await expectOnlyText(page);
    }));

  test("is text on the pages of features and neurons, in tips too", () =>
    visiting(at("features"), async ({ page }) => {
      for (const [kind, index] of [
        ["feature", 0],
        ["feature", 7],
        ["feature", 11],
        ["neuron", 3],
      ] as const) {
        await page.goto(`${at(kind)}/${index}?width=all&breaks=yes`);
        const texts = page.getByRole("group", { name: /^Activation/ });
        await texts.first().waitFor();
        await atEveryWidth(page);
        await page.setViewportSize({ width: 390, height: 844 });
        await page.goto(`${at(kind)}/${index}`);
        await texts.first().waitFor();
        await atEveryWidth(page);
      }
      await page.setViewportSize({ width: 390, height: 844 });
      const texts = page.getByRole("group", { name: /^Activation/ });
      for (const token of (await texts.first().locator("[tabindex]").all()).slice(0, 12)) {
        await token.focus();
        const box = (await page.getByRole("tooltip").boundingBox())!;
        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width).toBeLessThanOrEqual(390);
      }
      await expectOnlyText(page);
    }));

  test("as a person's own words is text, saved by the form or by another program", () =>
    visiting(`${at("feature")}/40`, async ({ page, forgive }) => {
      // Blank ones are refused.
      forgive(FAILED_REQUEST);
      for (const text of TEXTS.slice(0, 6)) {
        await page.getByRole("button", { name: /Say what it is|Edit/ }).click();
        await page.getByRole("textbox", { name: "What it is, in your own words" }).fill(text);
        await page.getByRole("button", { name: "Save" }).click();
        await page.getByText(text, { exact: true }).first().waitFor();
      }
      const path = `/api/runs/${run}/a/units/feature/40/labels`;
      const statuses = await page.evaluate(
        async ({ address, texts }) => {
          const answers = texts.map((text) =>
            fetch(address, {
              method: "POST",
              headers: { "content-type": "application/json" },
              body: `{"text":${text}}`,
            }),
          );
          return (await Promise.all(answers)).map(({ status }) => status);
        },
        { address: path, texts: TEXTS.slice(6).map((text) => JSON.stringify(text.slice(0, 400))) },
      );
      expect(statuses.every((status) => status === 200 || status === 400)).toBe(true);
      await page.reload();
      await page.getByText(/^\d+ other explanations$/).click();
      await page.getByRole("listitem").getByText("javascript:alert(6)", { exact: true }).first().waitFor();
      await atEveryWidth(page);
    }));

  test.each(PAGES)("in names of runs is text: %s", (name) =>
    visiting(at(name), async ({ page, forgive }) => {
      forgive(FAILED_REQUEST);
      await page.getByRole("banner").waitFor();
      await page.getByRole("navigation").waitFor();
      await page.waitForLoadState("networkidle");
      await atEveryWidth(page);
      await page.getByRole("combobox", { name: "Run and dictionary" }).waitFor();
    }),
  );

  test("in the address is text", async () => {
    const bad = [
      `/features/${encodeURIComponent("<script>alert(1)</script>")}`,
      `/feature/${run}/${encodeURIComponent("<img src=x onerror=alert(1)>")}/1`,
      `/features/${run}/a?q=${encodeURIComponent(TEXTS[2])}&sort=<script>&row=-1e9&filter=constructor`,
      `/feature/${run}/a/1?at=${encodeURIComponent('"><img src=x onerror=alert(1)>')}&width=__proto__&open=<b>`,
      "/%E0%A4%A/%00/%2e%2e%2f?%",
      `/${"a/".repeat(500)}`,
      "/constructor/x/y",
    ];
    await visiting(explorer.address, async ({ page, forgive }) => {
      forgive(FAILED_REQUEST);
      for (const address of bad) {
        await page.goto(explorer.address + address);
        await page.getByRole("banner").waitFor();
        await expectNoSidewaysScroll(page);
        await expectOnlyText(page);
      }
    });
  });
});
