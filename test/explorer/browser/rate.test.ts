/** Rating by the keyboard alone; what was given survives a reload, a server that is gone, and is there the next day. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RatingResults } from "../../../src/explorer/api.ts";
import { exploredRun } from "../explored-run.ts";
import { plantInterpretation } from "../planted-interpretation.ts";
import { type Explorer, explore } from "./explorer.ts";
import { describeInBrowser } from "./in-browser.ts";
import { addressOf, expectNoSidewaysScroll, FAILED_REQUEST, type Visit, visit } from "./visit.ts";

describeInBrowser("rating", (launch) => {
  let folder: string;
  let browser: Browser;
  let explorer: Explorer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "monosemantic-rating-"));
    const run = exploredRun(join(folder, "run"));
    plantInterpretation(run);
    [browser, explorer] = await Promise.all([launch(), explore([run])]);
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
  const total = (page: Page) => page.getByLabel("Points so far").textContent();
  const done = (page: Page, count: number) =>
    page
      .getByRole("status")
      .getByText(new RegExp(`^${count} of \\d+ rated`))
      .waitFor();
  const words = (page: Page) => page.getByRole("textbox", { name: "Your interpretation" });
  const stored = async () =>
    (await (await fetch(`${explorer.address}/api/runs/run/a/ratings`)).json()) as RatingResults;

  test("asks for a name once, then goes by keys from one interval to the next", () =>
    visiting("/rate/run/a", async ({ page }) => {
      await page.getByLabel(/^Your name/).fill("ada");
      await page.keyboard.press("Enter");
      await done(page, 0);
      expect(addressOf(page)).toBe("/rate/run/a?rater=ada");
      // Which unit it is stands nowhere.
      expect(await page.locator("main").textContent()).not.toMatch(/feature|neuron/i);

      await words(page).fill("says <b>nothing</b>");
      await page.keyboard.press("Enter");
      await page.keyboard.press("?");
      await page.getByText("send, and on to the next interval").waitFor();
      await page.keyboard.press("?");
      for (const key of ["2", "9", "4", "1"]) await page.keyboard.press(key);
      expect(await total(page)).toBe("7 of 14");
      await page.getByRole("radiogroup", { name: /Separation/ }).waitFor();
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("3");
      // All logits are consistent: there is nothing to separate.
      await expect.poll(() => page.getByRole("radiogroup", { name: /Separation/ }).count()).toBe(0);
      await page.keyboard.press("Enter");
      await page.keyboard.press("2");
      expect(await total(page)).toBe("11 of 14");
      // Everything has its points: one digit too many changes nothing.
      await page.keyboard.press("0");
      expect(await total(page)).toBe("11 of 14");
      expect((await stored()).ratings).toHaveLength(0);
      await page.keyboard.press("Enter");
      await done(page, 1);
      expect(await total(page)).toBe("0 of 14");
      const { ratings } = await stored();
      expect(ratings).toHaveLength(1);
      expect(ratings[0]).toMatchObject({
        rater: "ada",
        confidence: 2,
        activations: 4,
        logits: 3,
        separation: null,
        specificity: 2,
        total: 11,
        interpretation: "says <b>nothing</b>",
      });
    }));

  test("a reload keeps the points, a server that fails keeps everything and says so", () =>
    visiting("/rate/run/a?rater=grace", async ({ page, forgive }) => {
      forgive(FAILED_REQUEST);
      await done(page, 0);
      await words(page).fill("half a thought");
      await words(page).press("Escape");
      for (const key of ["1", "2"]) await page.keyboard.press(key);
      // Before the page loads: requests made just after a page that is there got a route were seen to go past it.
      let isFull = true;
      await page.route("**/ratings", (route) =>
        isFull
          ? route.fulfill({ status: 500, json: { error: "the disk is full: free some space" } })
          : route.continue(),
      );
      await page.reload();
      await done(page, 0);
      expect(await words(page).inputValue()).toBe("half a thought");
      expect(await total(page)).toBe("3 of 14");
      // The words are there, so the first criterion without points has the focus.
      for (const key of ["1", "1", "1"]) await page.keyboard.press(key);
      await page.keyboard.press("Enter");
      const alert = page.getByRole("alert");
      await alert.getByText("The disk is full: free some space.").waitFor();
      expect(await total(page)).toBe("6 of 14");
      expect(await words(page).inputValue()).toBe("half a thought");
      isFull = false;
      await page.getByRole("button", { name: /^Send again/ }).click();
      await done(page, 1);
      const mine = (await stored()).ratings.filter(({ rater }) => rater === "grace");
      expect(mine.map((rating) => rating.total)).toEqual([6]);
      await page.reload();
      await done(page, 1);
    }));

  test("does not send what is incomplete, nor while words are written", () =>
    visiting("/rate/run/a?rater=lin", async ({ page }) => {
      await done(page, 0);
      await words(page).fill("");
      await words(page).pressSequentially("3 numbers: 1, 2");
      expect(await total(page)).toBe("0 of 14");
      await words(page).press("Enter");
      await page.keyboard.press("Enter");
      await page.keyboard.press("Enter");
      expect((await stored()).ratings.filter(({ rater }) => rater === "lin")).toEqual([]);
    }));

  test("results stand beside the paper's, are downloaded whole, and the finished state shows them", () =>
    visiting("/rate/run/a?rater=ada&view=results", async ({ page }) => {
      await page.route("**/rating/next**", async (route) => {
        const response = await route.fetch();
        const item = (await response.json()) as object;
        await route.fulfill({
          json: { ...item, item: null, done: 264, total: 264, contexts: [], overview: [] },
        });
      });
      await page.reload();
      await page.getByRole("img", { name: /^Points of features: .* paper's median 12/ }).waitFor();
      await page.getByRole("img", { name: /^Points of neurons: .* paper's median 0/ }).waitFor();
      expect(await page.getByRole("table").getByRole("row").count()).toBe(7);
      for (const [name, begins] of [
        ["CSV", "rater,kind,index"],
        ["JSON", '{\n  "ratings"'],
      ] as const) {
        const [file] = await Promise.all([
          page.waitForEvent("download"),
          page.getByRole("button", { name, exact: true }).click(),
        ]);
        expect(file.suggestedFilename()).toBe(`ratings-run-a.${name.toLowerCase()}`);
        const text = readFileSync(await file.path(), "utf8");
        expect(text.startsWith(begins)).toBe(true);
        expect(text).toContain("half a thought");
      }
      await page.getByRole("button", { name: "Rate", exact: true }).click();
      await page.getByText("All 264 intervals are rated.").waitFor();
      await page.getByRole("img", { name: /^Points of features/ }).waitFor();
    }));

  test("fits into a narrow window, and says who rates", () =>
    visiting("/rate/run/a?rater=mae", async ({ page }) => {
      await done(page, 0);
      for (const width of [320, 390, 800, 1280]) {
        await page.setViewportSize({ width, height: 844 });
        await expectNoSidewaysScroll(page);
      }
      await page.getByRole("button", { name: "Somebody else" }).click();
      await page.getByLabel(/^Your name/).waitFor();
    }));
});
