/** The pages on runs: curves that grow while a run trains, its evaluation and densities, and several dictionaries beside each other. */

import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lockFolder } from "../../../src/files/folder-lock.ts";
import { exploredRun } from "../explored-run.ts";
import { type Explorer, explore } from "./explorer.ts";
import { describeInBrowser } from "./in-browser.ts";
import { addressOf, expectNoSidewaysScroll, type Visit, visit } from "./visit.ts";

describeInBrowser("runs", (launch) => {
  let folder: string;
  let browser: Browser;
  let explorer: Explorer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "monosemantic-runs-"));
    exploredRun(join(folder, "first"));
    exploredRun(join(folder, "second"), { analysed: false });
    exploredRun(join(folder, "training"), { analysed: false, finished: false, status: "running" });
    [browser, explorer] = await Promise.all([launch(), explore([folder])]);
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), explorer?.end()]);
    rmSync(folder, { recursive: true });
  });

  const visiting = async (path: string, look: (here: Visit) => Promise<void>) => {
    const here = await visit(browser, explorer.address + path);
    await look(here);
    await here.leave();
  };
  const charts = (page: Page) => page.getByRole("img", { name: /over training tokens/ });

  test("a run shows its curves, what they are at a place, its evaluation and its densities", () =>
    visiting("/run/first/a", async ({ page }) => {
      await page.getByRole("heading", { name: "first" }).waitFor();
      await page.getByText("complete").first().waitFor();
      await charts(page).first().waitFor();
      expect(await charts(page).count()).toBeGreaterThan(4);
      const end = await charts(page).first().getAttribute("aria-label");
      await page.getByRole("group", { name: /^Training curves/ }).focus();
      for (let i = 0; i < 40; i++) await page.keyboard.press("ArrowLeft");
      await page.getByText(/^at .* tokens/).waitFor();
      await expect.poll(() => charts(page).first().getAttribute("aria-label")).not.toBe(end);
      await page.keyboard.press("Escape");

      await page.getByText("Loss recovered").first().waitFor();
      await page.getByRole("img", { name: /^clean model: 3.412 nats/ }).waitFor();
      await page
        .getByRole("img", { name: /^Features by density/ })
        .first()
        .waitFor();
      await page.getByRole("img", { name: "Cosine against density" }).first().waitFor();
      await page.getByRole("link", { name: "rarest first" }).click();
      await page.getByRole("listbox").getByRole("option").first().waitFor();
      expect(addressOf(page)).toBe("/features/first/a?sort=density&order=up");
      await page.goBack();
      await charts(page).first().waitFor();
    }));

  test("a run that trains is shown as it goes on, and when it has ended", async () => {
    const run = join(folder, "training");
    const metrics = join(run, "metrics.jsonl");
    const lines = readFileSync(metrics, "utf8").trimEnd().split("\n");
    const lineOf = (step: number) => lines.filter((line) => JSON.parse(line).step <= step);
    writeFileSync(metrics, `${lineOf(400).join("\n")}\n`);
    const lock = lockFolder(run);
    await visiting("/run/training", async ({ page }) => {
      await page.getByText("live", { exact: true }).waitFor();
      await charts(page).first().waitFor();
      await page.getByText("1.64 million tokens").waitFor();
      const label = await charts(page).first().getAttribute("aria-label");
      const path = await charts(page).first().locator("path").first().getAttribute("d");
      // Half a line is what a reader may find at any moment.
      const more = lineOf(800).slice(lineOf(400).length).join("\n");
      appendFileSync(metrics, more.slice(0, -20));
      appendFileSync(metrics, `${more.slice(-20)}\n`);
      await page.getByText("3.28 million tokens").waitFor();
      expect(await charts(page).first().getAttribute("aria-label")).not.toBe(label);
      expect(await charts(page).first().locator("path").first().getAttribute("d")).not.toBe(path);

      const record = JSON.parse(readFileSync(join(run, "run.json"), "utf8"));
      writeFileSync(join(run, "run.json"), JSON.stringify({ ...record, status: "complete" }));
      lock.release();
      await page.getByText("complete").first().waitFor();
      await expect.poll(() => page.getByText("live", { exact: true }).count()).toBe(0);
    });
  });

  test("dictionaries of several runs stand beside each other", () =>
    visiting("/compare", async ({ page }) => {
      await page.getByRole("heading", { name: "Compare" }).waitFor();
      const rows = page.getByRole("row");
      // A head, two dictionaries of each of three runs.
      await expect.poll(() => rows.count()).toBe(7);
      const dots = page.getByRole("group", { name: /against L0$/ }).getByRole("link");
      expect(await dots.count()).toBe(4);
      await page.getByRole("img", { name: "Densities of the dictionaries" }).waitFor();

      await page.getByRole("button", { name: "Dictionary" }).click();
      await page.getByRole("button", { name: "Dictionary" }).click();
      await expect.poll(() => rows.nth(1).textContent()).toMatch(/^training/);
      await page.getByRole("button", { name: "first · a in the figures" }).click();
      await expect.poll(() => dots.count()).toBe(3);
      await page.getByRole("button", { name: "variance", exact: true }).click();
      await page.reload();
      await expect.poll(() => dots.count()).toBe(3);
      expect(
        await page.getByRole("button", { name: "variance", exact: true }).getAttribute("aria-pressed"),
      ).toBe("true");
      await page.getByRole("link", { name: "second · b", exact: true }).click();
      await page.getByRole("heading", { name: "second" }).waitFor();
      expect(addressOf(page)).toBe("/run/second/b");
      await page.goBack();
      await expect.poll(() => dots.count()).toBe(3);
    }));

  test("another run is chosen from every page", () =>
    visiting("/features/first/a", async ({ page }) => {
      const place = page.getByRole("combobox", { name: "Run and dictionary" });
      await place.selectOption({ label: "second · a" });
      await page.getByRole("heading", { name: "Not analysed yet" }).waitFor();
      expect(addressOf(page)).toBe("/features/second/a");
      await page.goBack();
      await page.getByRole("listbox").getByRole("option").first().waitFor();
    }));

  test("charts fit narrow windows", () =>
    visiting("/run/first/a", async ({ page }) => {
      await page.setViewportSize({ width: 390, height: 844 });
      await charts(page).first().waitFor();
      await expect.poll(async () => (await charts(page).first().boundingBox())!.width).toBeLessThan(390);
      await expectNoSidewaysScroll(page);
      await page.getByRole("link", { name: "Compare" }).click();
      await page.getByRole("row").first().waitFor();
      await expectNoSidewaysScroll(page);
    }));
});
