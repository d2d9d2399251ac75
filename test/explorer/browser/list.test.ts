/** The list of features as a reader uses it: search, order, filter, keyboard, and the way to the end of a long one. */

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { PLANTED } from "../../run/planted-run.ts";
import { type Explorer, explore } from "./explorer.ts";
import { describeInBrowser } from "./in-browser.ts";
import { plantedRun } from "./planted.ts";
import { addressOf, type Visit, visit } from "./visit.ts";

describeInBrowser("the list", (launch) => {
  let browser: Browser;
  let explorer: Explorer;
  let here: Visit;
  let page: Page;

  beforeAll(async () => {
    [browser, explorer] = await Promise.all([launch(), plantedRun().then((run) => explore([run]))]);
  });
  afterAll(() => Promise.all([browser?.close(), explorer?.end()]));
  beforeEach(async () => {
    here = await visit(browser, explorer.address);
    ({ page } = here);
    await rows().first().waitFor();
  });
  afterEach(() => here.leave());

  const rows = () => page.getByRole("listbox").getByRole("option");
  const search = () => page.getByRole("searchbox");
  /** Numbers of the units that are shown. */
  const numbers = () =>
    rows().evaluateAll((all) => all.map((row) => Number(row.firstElementChild!.textContent)));
  const shows = (expected: readonly number[]) => expect.poll(numbers).toEqual(expected);
  const begins = (expected: readonly number[]) =>
    expect.poll(async () => (await numbers()).slice(0, expected.length)).toEqual(expected);
  const found = (count: number) => page.getByText(`${count} found`).waitFor();

  test("shows every feature, and the address says which run and dictionary", async () => {
    await shows([0, 1, 2, 3, 4, 5]);
    expect(addressOf(page)).toBe("/features/planted/planted");
    await page.getByText("6 found · 4 of 6 alive on").waitFor();
    expect(await page.title()).toContain("Features");
    await rows().filter({ hasText: "never active" }).first().waitFor();
  });

  test("is searched by token and by number; the search is in the address, survives a reload, and Back leads to it", async () => {
    // What fires on it comes first, then what raises it.
    await search().fill("function");
    await found(3);
    await begins([PLANTED.function.index]);
    expect(addressOf(page)).toBe("/features/planted/planted?q=function");
    await page.reload();
    await begins([PLANTED.function.index]);
    expect(await search().inputValue()).toBe("function");

    await search().fill("영화");
    await begins([PLANTED.hangul.index]);
    await search().fill("4");
    await shows([4]);
    await rows().first().click();
    await page.getByRole("heading", { name: "Feature 4" }).waitFor();
    await page.goBack();
    await shows([4]);
    expect(await search().inputValue()).toBe("4");

    await search().fill("no such thing");
    await page.getByRole("heading", { name: "Nothing found" }).waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    await found(6);
    expect(await search().inputValue()).toBe("");
  });

  test("is sorted by what is chosen, either way", async () => {
    const sort = page.getByRole("combobox", { name: "Sort" });
    await sort.selectOption("density");
    await expect.poll(async () => (await numbers())[0]).toBe(PLANTED.hangul.index);
    expect(addressOf(page)).toContain("sort=density");
    await page.getByRole("button", { name: "Largest first" }).click();
    await expect.poll(async () => (await numbers())[5]).toBe(PLANTED.hangul.index);
    await page.reload();
    await expect.poll(async () => (await numbers())[5]).toBe(PLANTED.hangul.index);
    const max = page.getByRole("button", { name: /^max/ });
    await max.click();
    await expect.poll(async () => (await numbers())[0]).toBe(PLANTED.hangul.index);
    expect(await max.getAttribute("aria-pressed")).toBe("true");
    expect(await sort.inputValue()).toBe("max");
  });

  test("is filtered", async () => {
    await page.getByRole("button", { name: "Filter" }).click();
    await page.getByRole("button", { name: "dead", exact: true }).click();
    await shows([PLANTED.semicolon.index, PLANTED.dead.index]);
    await page.getByRole("button", { name: "alive", exact: true }).click();
    await found(4);
    await page.getByLabel("Density from").fill("10 %");
    await page.getByLabel("Density from").press("Enter");
    await shows([PLANTED.hangul.index]);
    await page.getByRole("button", { name: "Filter · 2" }).waitFor();
    await page.reload();
    await shows([PLANTED.hangul.index]);
    await page.getByRole("button", { name: "Clear" }).click();
    await found(6);
  });

  test("is led by the keyboard: / searches, arrows move, Enter opens, and Back finds the row again", async () => {
    await page.keyboard.press("/");
    await expect.poll(() => search().evaluate((input) => input === document.activeElement)).toBe(true);
    await page.keyboard.type("the");
    await begins([PLANTED.the.index, PLANTED.twin.index]);
    await page.getByRole("listbox").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    const chosen = page.getByRole("listbox").getByRole("option", { selected: true });
    await expect.poll(() => chosen.first().textContent()).toMatch(new RegExp(`^${PLANTED.twin.index}`));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: `Feature ${PLANTED.twin.index}` }).waitFor();
    await page.goBack();
    await expect.poll(() => chosen.first().textContent()).toMatch(new RegExp(`^${PLANTED.twin.index}`));
    expect(addressOf(page)).toBe("/features/planted/planted?q=the&row=1");
  });

  test("draws a long list only where one looks, and goes to its end", async () => {
    await page.getByRole("button", { name: "neurons" }).click();
    await found(512);
    expect(addressOf(page)).toBe("/features/planted/planted?kind=neuron");
    await expect.poll(async () => (await numbers())[0]).toBe(0);
    expect((await numbers()).length).toBeLessThan(60);
    await page.getByRole("listbox").focus();
    await page.keyboard.press("End");
    await expect.poll(async () => (await numbers()).at(-1)).toBe(511);
    expect((await numbers()).length).toBeLessThan(60);
    await page.getByRole("listbox").evaluate((list) => (list.scrollTop = 46 * 256));
    await expect.poll(numbers).toContain(256);
    await rows().filter({ hasText: /^256/ }).click();
    await page.getByRole("heading", { name: "Neuron 256" }).waitFor();
    expect(addressOf(page)).toBe("/neuron/planted/planted/256");
    await page.goBack();
    await found(512);
    // The row that the keyboard had chosen.
    await expect.poll(async () => (await numbers()).at(-1)).toBe(511);
  });
});
