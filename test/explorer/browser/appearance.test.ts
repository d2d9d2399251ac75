/** Dark and light, less motion, narrow windows, and the keyboard: the same page for everyone. */

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Explorer, explore } from "./explorer.ts";
import { describeInBrowser } from "./in-browser.ts";
import { plantedRun } from "./planted.ts";
import { expectNoSidewaysScroll, FAILED_REQUEST, type Visit, visit } from "./visit.ts";

const PAGES = [
  ["features", "features"],
  ["a feature", "feature"],
  ["text", "text"],
  ["steer", "steer"],
  ["map", "map"],
  ["meaning", "meaning"],
  ["rate", "rate"],
  ["run", "run"],
  ["compare", "compare"],
] as const;

describeInBrowser("the look", (launch) => {
  let browser: Browser;
  let explorer: Explorer;

  beforeAll(async () => {
    [browser, explorer] = await Promise.all([launch(), plantedRun().then((run) => explore([run]))]);
  });
  afterAll(() => Promise.all([browser?.close(), explorer?.end()]));

  const visiting = async (
    path: string,
    options: Parameters<typeof visit>[2],
    look: (here: Visit) => Promise<void>,
  ) => {
    const here = await visit(browser, explorer.address + path, options);
    await look(here);
    await here.leave();
  };
  /** Of text on what is behind it, as WCAG 2 has it. */
  const contrast = (page: Page) =>
    page.evaluate(() => {
      const luminance = (colour: string) => {
        const [r, g, b] = colour.match(/[\d.]+/g)!.map((value) => {
          const share = Number(value) / 255;
          return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
      };
      const { backgroundColor, color } = getComputedStyle(document.body);
      const [paper, ink] = [luminance(backgroundColor), luminance(color)];
      return { paper, ratio: (Math.max(paper, ink) + 0.05) / (Math.min(paper, ink) + 0.05) };
    });

  test("follows the system's colours until one chooses, and keeps the choice", () =>
    visiting("/features", { colorScheme: "dark" }, async ({ page }) => {
      await page.getByText("6 found").waitFor();
      const dark = await contrast(page);
      expect(dark.paper).toBeLessThan(0.05);
      expect(dark.ratio).toBeGreaterThan(7);
      await page.getByRole("button", { name: "Light colours" }).click();
      const light = await contrast(page);
      expect(light.paper).toBeGreaterThan(0.8);
      expect(light.ratio).toBeGreaterThan(7);
      await page.reload();
      await page.getByRole("button", { name: "Dark colours" }).waitFor();
      expect((await contrast(page)).paper).toBeGreaterThan(0.8);
      // Chosen back, the page follows the system again.
      await page.getByRole("button", { name: "Dark colours" }).click();
      await page.emulateMedia({ colorScheme: "light" });
      await page.getByRole("button", { name: "Dark colours" }).waitFor();
    }));

  /** Seconds of the longest transition or animation that something would make. */
  const slowestMove = (page: Page) =>
    page.evaluate(() =>
      Math.max(
        ...[...document.querySelectorAll("*")].flatMap((element) => {
          const { transitionDuration, animationDuration } = getComputedStyle(element);
          return `${transitionDuration},${animationDuration}`.split(",").map((text) => parseFloat(text) || 0);
        }),
      ),
    );

  test.each(PAGES)(
    "%s: a title, every control named, nothing wider than the window, nothing that moves",
    (_, path) =>
      visiting(
        `/${path}/planted/planted${path === "feature" ? "/0" : ""}`,
        { viewport: { width: 390, height: 844 }, reducedMotion: "reduce" },
        async ({ page, forgive }) => {
          forgive(FAILED_REQUEST);
          await page.getByRole("navigation").getByRole("link").first().waitFor();
          await page.waitForLoadState("networkidle");
          expect(await page.title()).toMatch(/planted/);
          for (const width of [320, 390, 1280]) {
            await page.setViewportSize({ width, height: 844 });
            await expectNoSidewaysScroll(page);
          }
          const nameless = await page.evaluate(() =>
            [...document.querySelectorAll("button, a[href], input, select, textarea, svg[role=img]")]
              .filter((element) => {
                const label = (element as HTMLInputElement).labels?.[0]?.textContent;
                const name =
                  element.getAttribute("aria-label") ??
                  element.textContent?.trim() ??
                  element.getAttribute("title");
                return !name && !label;
              })
              .map((element) => element.outerHTML.slice(0, 120)),
          );
          expect(nameless).toEqual([]);
          expect(await slowestMove(page)).toBeLessThan(0.02);
        },
      ),
  );

  test("moves while it waits, and only for those who did not ask for stillness", () =>
    visiting("/features", {}, async ({ page }) => {
      await page.getByText("6 found").waitFor();
      let answer = () => {};
      const held = new Promise<void>((resolve) => (answer = resolve));
      await page.route("**/units/feature/**", async (route) => {
        await held;
        await route.continue();
      });
      await page.goto(`${explorer.address}/feature/planted/planted/0`);
      const waiting = page.getByRole("status").getByText("Opening feature 0");
      await waiting.waitFor();
      expect(await slowestMove(page)).toBeGreaterThan(0.05);
      await page.emulateMedia({ reducedMotion: "reduce" });
      expect(await slowestMove(page)).toBeLessThan(0.02);
      await expect
        .poll(() => page.getByRole("status").evaluate((status) => getComputedStyle(status).opacity))
        .toBe("1");
      answer();
      await page.getByRole("heading", { name: "Feature 0" }).waitFor();
    }));

  test("is reached by the keyboard alone, past the navigation too", () =>
    visiting("/features", {}, async ({ page }) => {
      await page.getByText("6 found").waitFor();
      await page.keyboard.press("Tab");
      const focused = () => page.evaluate(() => document.activeElement!.textContent!.trim());
      expect(await focused()).toBe("Skip to the page");
      await page.keyboard.press("Enter");
      await page.keyboard.press("Tab");
      await expect
        .poll(() => page.getByRole("searchbox").evaluate((input) => input === document.activeElement))
        .toBe(true);
      const outline = await page
        .getByRole("searchbox")
        .evaluate((input) => getComputedStyle(input).outlineStyle + getComputedStyle(input).boxShadow);
      expect(outline).not.toBe("nonenone");
    }));
});
