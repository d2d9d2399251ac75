/** A feature's page: what was planted is seen on it, experiments run in place, and a person's words stay. */

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { PLANTED } from "../../run/planted-run.ts";
import { type Explorer, explore } from "./explorer.ts";
import { describeInBrowser } from "./in-browser.ts";
import { type PlantedCopy, plantedCopy } from "./planted.ts";
import { addressOf, type Visit, visit } from "./visit.ts";

describeInBrowser("a feature's page", (launch) => {
  let browser: Browser;
  let copy: PlantedCopy;
  let explorer: Explorer;
  let here: Visit;
  let page: Page;

  beforeAll(async () => {
    copy = await plantedCopy("run");
    [browser, explorer] = await Promise.all([launch(), explore([copy.folder])]);
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), explorer?.end()]);
    copy.remove();
  });
  beforeEach(async () => {
    here = await visit(browser, pathOf(PLANTED.function.index));
    ({ page } = here);
    await title(PLANTED.function.index).waitFor();
  });
  afterEach(() => here.leave());

  const pathOf = (index: number) => `${explorer.address}/feature/run/planted/${index}`;
  const title = (index: number) => page.getByRole("heading", { name: `Feature ${index}`, level: 1 });
  const contexts = () => page.getByRole("region", { name: "Contexts" });
  /** The texts of contexts, each a row of tokens. */
  const texts = () => contexts().getByRole("group", { name: /^Activation/ });
  const tip = () => page.getByRole("tooltip");

  test("shows where it is active, how often, how strongly, and what it says", async () => {
    await page.getByText("Density").first().waitFor();
    await page.getByRole("img", { name: "Histogram of activations up to 0.65" }).waitFor();
    await page.getByRole("img", { name: "Histogram of logit weights over the vocabulary" }).waitFor();
    expect(await texts().count()).toBeGreaterThan(20);
    expect(await texts().first().textContent()).toContain(PLANTED.function.fires);
    await contexts()
      .getByRole("heading", { name: /^Strongest/ })
      .waitFor();
    expect(
      await contexts()
        .getByRole("heading", { name: /^Interval \d/ })
        .count(),
    ).toBeGreaterThan(5);

    const raised = page.getByRole("list").filter({ has: page.getByTitle("·of", { exact: true }) });
    expect(await raised.first().getByRole("listitem").first().textContent()).toContain("·of");
    await page.getByText(/^Yes: the same token/).waitFor();
    await page.getByRole("cell", { name: "·function", exact: true }).waitFor();
    // The detectors that it was compared with accept none of it.
    await page.getByText("None of the 2 detectors agrees with it.").waitFor();
  });

  test("agrees with the detector of its script", async () => {
    await page.goto(pathOf(PLANTED.hangul.index));
    await title(PLANTED.hangul.index).waitFor();
    await page.getByRole("heading", { name: "hangul" }).waitFor();
    await page.getByText(/accepts 100\s%/).waitFor();
  });

  test("tells by a tip what stands behind a token, by pointer and by keyboard", async () => {
    const row = texts().first();
    const peak = row.getByText("function", { exact: true }).last();
    await peak.hover();
    await tip().getByText("Activation").waitFor();
    expect(await tip().textContent()).toMatch(/ function.*token \d+.*Activation0\.6.*of max/);
    await page.mouse.move(2, 2);
    await expect.poll(() => tip().count()).toBe(0);

    await peak.focus();
    await tip().waitFor();
    await page.keyboard.press("ArrowRight");
    // It says " of", so that token is harder to predict without it: the strongest context's ablation is stored.
    await expect.poll(() => tip().textContent()).toMatch(/^ of.*the feature helps here/);
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => tip().textContent()).toMatch(/^ function.*·of\d/);
    await page.keyboard.press("Enter");
    await expect.poll(() => addressOf(page)).toMatch(/at=top\./);
    await page.reload();
    await expect.poll(() => tip().textContent()).toMatch(/^ function/);
    await page.keyboard.press("Escape");
  });

  test("ablates where one asks for it, and keeps what was computed", async () => {
    const more = page.getByRole("button", { name: /^Ablate in \d+ more$/ });
    await more.waitFor();
    const one = contexts().getByRole("button", { name: "Ablate in this context" });
    const missing = await one.count();
    await one.first().click();
    await expect.poll(() => one.count()).toBeLessThan(missing);
    await more.click();
    const stop = page.getByRole("button", { name: "Stop" });
    const left = async () => (await more.count()) + (await stop.count()) + (await one.count());
    await expect.poll(left, { timeout: 30_000 }).toBe(0);
    await page.getByText("the feature helps").first().waitFor();
    await page.reload();
    await title(PLANTED.function.index).waitFor();
    await texts().first().waitFor();
    expect(await more.count()).toBe(0);
  });

  test("keeps what a person says of it, and the list finds it by these words", async () => {
    await page.getByRole("button", { name: "Say what it is" }).click();
    await page.getByRole("textbox", { name: "What it is, in your own words" }).fill("definitions in code");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("your words").waitFor();
    await page.reload();
    await page.getByText("definitions in code").waitFor();
    await page.getByRole("link", { name: "All features" }).click();
    await page.getByRole("searchbox").fill("definitions");
    await page.getByText("1 found").waitFor();
    await page.getByRole("listbox").getByRole("option").filter({ hasText: "definitions in code" }).waitFor();
  });

  test("leads to the one before and after, by links and by [ and ]; Back goes the same way", async () => {
    await page.keyboard.press("]");
    await title(1).waitFor();
    await page.getByRole("link", { name: "2 ›" }).click();
    await title(2).waitFor();
    await page.getByRole("heading", { name: "Never active" }).waitFor();
    await page.keyboard.press("[");
    await title(1).waitFor();
    expect(addressOf(page)).toBe("/feature/run/planted/1");
    await page.goBack();
    await title(2).waitFor();
    await page.goBack();
    await page.goBack();
    await title(0).waitFor();
    // Nothing is before the first one.
    await page.keyboard.press("[");
    await page.getByRole("button", { name: "Any" }).click();
    await page.getByRole("heading", { name: /^Feature \d/ }).waitFor();
  });

  test("names its neighbours, and neurons as a control have the same page", async () => {
    await page.goto(pathOf(PLANTED.the.index));
    const together = page.getByRole("link", { name: /^3.*the.*1\.00$/ });
    await together.waitFor();
    await page.getByRole("link", { name: /^Neuron \d+ on the same page$/ }).click();
    await page.getByRole("heading", { name: /^Neuron \d+$/, level: 1 }).waitFor();
    expect(addressOf(page)).toMatch(/^\/neuron\/run\/planted\/\d+$/);
    await texts().first().waitFor();
    await page.getByRole("link", { name: "All neurons" }).waitFor();
  });

  test("is displayed as one likes, and the address remembers it from feature to feature", async () => {
    const narrow = (await texts().nth(15).textContent())!.length;
    await page.getByRole("button", { name: "whole", exact: true }).click();
    await expect.poll(async () => (await texts().nth(15).textContent())!.length).toBeGreaterThan(2 * narrow);
    await page.getByRole("checkbox", { name: "break lines" }).check();
    await page.getByRole("button", { name: "linear" }).click();
    await page
      .getByRole("button", { name: /^\d+ more$/ })
      .first()
      .click();
    const rows = await texts().count();
    await page.reload();
    await texts().first().waitFor();
    expect(await texts().count()).toBe(rows);
    expect(await page.getByRole("checkbox", { name: "break lines" }).isChecked()).toBe(true);
    await page.keyboard.press("]");
    await title(1).waitFor();
    expect(addressOf(page)).toBe("/feature/run/planted/1?width=all&breaks=yes&counts=linear");
  });
});
