/** The page on a study: sorting, filters, columns, the scatter, comparing, ways to the runs, and a study that is not done. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Plan } from "../../../src/study/plan.ts";
import { plantStudy } from "../../study/planted-study.ts";
import { HOSTILE } from "../explored-run.ts";
import { type Explorer, explore } from "./explorer.ts";
import { describeInBrowser } from "./in-browser.ts";
import { addressOf, expectNoSidewaysScroll, FAILED_REQUEST, type Visit, visit } from "./visit.ts";

const SMALL = { expansions: [1, 8], lambdas: [1, 4] };

describeInBrowser("studies", (launch) => {
  let folder: string;
  let browser: Browser;
  let explorer: Explorer;
  let partial: Plan;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "monosemantic-study-pages-"));
    plantStudy(join(folder, "done"), { question: "Does a wider dictionary help?" });
    partial = plantStudy(join(folder, "partial"), {
      ...SMALL,
      title: "Going on",
      until: "train",
      failed: { "train-g1": "no space left on the disk" },
    });
    plantStudy(join(folder, "untouched"), { ...SMALL, title: "Nothing yet", until: "tokenise" });
    plantStudy(join(folder, "hostile"), {
      ...SMALL,
      title: HOSTILE[1]!,
      question: HOSTILE[0]!,
      prefix: "<img src=x onerror=alert(1)>*%",
    });
    [browser, explorer] = await Promise.all([launch(), explore([folder])]);
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), explorer?.end()]);
    rmSync(folder, { recursive: true });
  });

  const visiting = async (path: string, look: (here: Visit) => Promise<void>, width = 1280) => {
    const here = await visit(browser, explorer.address + path, { viewport: { width, height: 900 } });
    await look(here);
    await here.leave();
  };
  const rows = (page: Page) => page.locator(".trials tbody tr");
  const firstTrial = (page: Page) => rows(page).first().locator("bdi").first().textContent();
  const dots = (page: Page) => page.locator(".scatter .dot");

  test("trials are sorted by factors and outcomes, filtered, and shown in other columns", () =>
    visiting("/study/done", async ({ page }) => {
      await page.getByRole("heading", { name: "Planted effects" }).waitFor();
      await page.getByText("Does a wider dictionary help?").waitFor();
      await rows(page).first().waitFor();
      expect(await rows(page).count()).toBe(24);
      const heading = (name: string) =>
        page.locator(".trials thead").getByRole("button", { name, exact: false });
      await heading("Loss recovered, zero").click();
      await expect.poll(() => addressOf(page)).toBe("/study/done?sort=loss_recovered_zero&order=down");
      expect(await firstTrial(page)).toMatch(/^x8-lambda1/);
      await heading("Loss recovered, zero").click();
      await expect.poll(() => firstTrial(page)).toMatch(/^x1-lambda4/);
      await heading("lambda").click();
      await expect.poll(() => addressOf(page)).toBe("/study/done?sort=f-lambda");

      await page.getByText("Filter", { exact: true }).click();
      const filter = page.getByRole("group", { name: "Trials by expansion" });
      await filter.getByRole("button", { name: "2", exact: true }).click();
      await filter.getByRole("button", { name: "8", exact: true }).click();
      await expect.poll(() => rows(page).count()).toBe(12);
      await expect.poll(() => dots(page).count()).toBe(12);
      await page.getByText("12 of 24 trials").waitFor();
      expect(addressOf(page)).toContain("f-expansion=2*8");
      await page.reload();
      await expect.poll(() => rows(page).count()).toBe(12);
      await page.getByRole("button", { name: "All", exact: true }).click();
      await expect.poll(() => rows(page).count()).toBe(24);

      await page.getByText(/^Outcomes: /).click();
      await page.getByRole("checkbox", { name: "KL divergence" }).check();
      await heading("KL divergence").waitFor();
      expect(addressOf(page)).toContain("columns=");
      await page.getByRole("button", { name: "The primary ones" }).click();
      await expect.poll(() => heading("KL divergence").count()).toBe(0);
    }));

  test("any two outcomes are drawn against each other, coloured, with the front; effects follow", () =>
    visiting("/study/done?x=l0&y=explained_variance&colour=lambda", async ({ page }) => {
      await page.getByRole("group", { name: "Explained variance against L0" }).waitFor();
      expect(await dots(page).count()).toBe(24);
      const front = page.locator(".scatter .dot.front");
      expect(await front.count()).toBeGreaterThan(1);
      expect(await page.locator(".scatter path.frontier").count()).toBe(1);
      const lower = await front.count();
      await page.getByRole("group", { name: "Better L0" }).getByRole("button", { name: "higher" }).click();
      await expect.poll(() => front.count()).not.toBe(lower);
      await page.getByRole("checkbox", { name: "Pareto front" }).uncheck();
      await expect.poll(() => front.count()).toBe(0);
      await page.getByRole("combobox", { name: "Across" }).selectOption("mse");
      await page.getByRole("group", { name: "Explained variance against Squared error" }).waitFor();
      expect(addressOf(page)).toContain("x=mse");

      await page.getByRole("row", { name: /^expansion, per doubling/ }).waitFor();
      await page.getByRole("img", { name: /^Explained variance by lambda: 1 / }).waitFor();
      await page.getByRole("combobox", { name: "on" }).selectOption("loss_recovered_zero");
      await page.getByRole("row", { name: /^expansion, per doubling \+4\.\d+ pts/ }).waitFor();
      await page.getByRole("heading", { name: "Stability across seeds" }).waitFor();
      await page.getByRole("row", { name: /^train 3 3 5 min/ }).waitFor();
    }));

  test("chosen trials stand side by side, and Back leads to the table", () =>
    visiting("/study/done", async ({ page }) => {
      await rows(page).first().waitFor();
      await page.getByRole("checkbox", { name: "x1-lambda1-seed0 in the comparison" }).check();
      const region = page.getByRole("region", { name: "Chosen trials" });
      expect(await region.getByRole("button", { name: "Compare" }).isDisabled()).toBe(true);
      const dot = page.getByRole("checkbox", { name: /^x8-lambda4-seed1: / });
      await dot.focus();
      await page.keyboard.press("Enter");
      await region.getByText("2 trials chosen").waitFor();
      await region.getByRole("button", { name: "Compare" }).click();
      await page.getByRole("heading", { name: "2 trials side by side" }).waitFor();
      expect(addressOf(page)).toBe("/study/done?pick=x1-lambda1-seed0*x8-lambda4-seed1&view=compare");
      await page.getByRole("row", { name: "expansion 1 8" }).waitFor();
      await page.getByRole("heading", { name: "On the way" }).waitFor();
      await page
        .getByRole("img", {
          name: /^Loss over training tokens: x1-lambda1-seed0 2\.50, x8-lambda4-seed1 2\.50/,
        })
        .waitFor();
      const densities = page.getByRole("img", { name: "Densities of the dictionaries" });
      await densities.waitFor();
      expect(await densities.locator("path.line").count()).toBe(2);
      await page.goBack();
      await rows(page).first().waitFor();
      await region.getByText("2 trials chosen").waitFor();
    }));

  test("a trial leads to its dictionary's pages, and these back to the study as it was left", () =>
    visiting("/study/done?sort=name&order=down", async ({ page, forgive }) => {
      // Interpretations were planted without the analysis that ratings are kept in.
      forgive(FAILED_REQUEST);
      await page.getByRole("link", { name: "x8-lambda4-seed1: run" }).click();
      await page.getByRole("heading", { name: "done · g2" }).waitFor();
      expect(addressOf(page)).toBe("/run/done~g2/x8-lambda4-seed1");
      await page.getByRole("link", { name: "Meaning" }).click();
      await page.getByText("Features score higher than neurons.").first().waitFor();
      await page.getByRole("link", { name: "Features", exact: true }).click();
      await page.getByText("Not analysed yet").waitFor();
      await page.getByRole("navigation").getByRole("link", { name: "Study" }).click();
      await rows(page).first().waitFor();
      expect(addressOf(page)).toBe("/study/done?sort=name&order=down");
      await page.goto(`${explorer.address}/run/done~g1/x2-lambda2-seed0`);
      await page.getByRole("heading", { name: "done · g1" }).waitFor();
    }));

  test("a study that is not done shows what is missing, and what comes", () =>
    visiting("/study/partial", async ({ page, forgive }) => {
      await page.getByRole("heading", { name: "Going on" }).waitFor();
      await page.getByText("8 trials: 4 trained, 4 not trained").waitFor();
      await page
        .getByText(/no space left on the disk/)
        .first()
        .waitFor();
      await page.getByText("trained, not measured").first().waitFor();
      const before = await page.getByText("trained, not measured").count();
      expect(before).toBe(4);
      plantStudy(join(folder, "partial"), {
        ...SMALL,
        title: "Going on",
        until: "measure",
        failed: { "train-g1": "no space left on the disk" },
      });
      await page.getByText("8 trials: 4 measured, 4 not trained").waitFor();
      expect(partial.trials).toHaveLength(8);
      forgive(FAILED_REQUEST);
      await page.goto(`${explorer.address}/run/partial~g1/x1-lambda4-seed0`);
      await page.getByText(/G1 of the study "Going on" is not trained yet/i).waitFor();
    }));

  test("nothing done yet, no such study, a damaged plan: a sentence each", async () => {
    await visiting("/study/untouched", async ({ page }) => {
      await page.getByText("No trial has a result yet", { exact: false }).waitFor();
      expect(await rows(page).count()).toBe(8);
      await expectNoSidewaysScroll(page);
    });
    await visiting("/study/none", async ({ page }) => {
      await page.getByText("There is no study “none” here").waitFor();
    });
    mkdirSync(join(folder, "zz-broken"));
    writeFileSync(join(folder, "zz-broken", "plan.json"), "{");
    await visiting("/study/zz-broken", async ({ page }) => {
      await page
        .getByRole("alert")
        .getByText(/plan\.json/)
        .waitFor();
    });
    rmSync(join(folder, "zz-broken"), { recursive: true });
  });

  test("hostile names are text everywhere, and come back from the address", () =>
    visiting("/study/hostile", async ({ page }) => {
      await page.getByRole("heading", { name: HOSTILE[1]! }).waitFor();
      const boxes = page.locator(".trials tbody input");
      await boxes.nth(0).check();
      await boxes.nth(3).check();
      await page.getByRole("button", { name: "Compare" }).click();
      await page.getByRole("heading", { name: "2 trials side by side" }).waitFor();
      await page.reload();
      await page.getByRole("heading", { name: "2 trials side by side" }).waitFor();
      await page.getByRole("img", { name: /^Loss over training tokens/ }).waitFor();
      expect(await page.locator("img[src=x]").count()).toBe(0);
    }));

  test("in a narrow window nothing sticks out, and everything is there", async () => {
    for (const path of [
      "/study/done",
      "/study/hostile",
      "/study/partial",
      "/study/done?pick=x1-lambda1-seed0*x8-lambda4-seed1*x2-lambda2-seed0&view=compare",
    ]) {
      await visiting(
        path,
        async ({ page }) => {
          await page.locator("svg.chart").first().waitFor();
          await expectNoSidewaysScroll(page);
        },
        390,
      );
    }
  });
});
