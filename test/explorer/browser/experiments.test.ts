/** Experiments with the model itself: a text of one's own is read, and what was planted is said when its feature is pinned. */

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { PLANTED } from "../../run/planted-run.ts";
import { type Explorer, explore } from "./explorer.ts";
import { describeInBrowser } from "./in-browser.ts";
import { plantedRun } from "./planted.ts";
import { addressOf, expectNoSidewaysScroll, type Visit, visit } from "./visit.ts";

/** The first one waits for the model. */
const COMPUTED = { timeout: 40_000 };

describeInBrowser("experiments", (launch) => {
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
    await page.getByRole("navigation").waitFor();
  });
  afterEach(() => here.leave());

  const open = (name: string) =>
    page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
  const section = (heading: RegExp) =>
    page.locator("section").filter({ has: page.getByRole("heading", { name: heading }) });

  test("a text shows which features are active where, and what makes a token", async () => {
    await open("Text");
    await page.getByRole("textbox", { name: "Text to read" }).fill("call the function of 영화 names");
    await page.getByRole("button", { name: "Read", exact: true }).click();
    const features = section(/in this text$/);
    await features.waitFor(COMPUTED);
    // The detectors of " the" (twice), " function" and Hangul, and nothing else.
    expect(await features.getByRole("listitem").count()).toBe(4);
    const text = page.getByRole("group", { name: "The text", exact: true });
    expect(await text.textContent()).toContain("call the function of 영화 names");

    await features.getByRole("button", { name: new RegExp(`^${PLANTED.function.index} ?function`) }).hover();
    await page.getByText(`feature ${PLANTED.function.index}, up to`).waitFor();
    await text.getByText("function", { exact: true }).hover();
    await page.getByRole("tooltip").waitFor();

    await text.getByText("of", { exact: true }).click();
    const chosen = section(/·of/);
    await chosen.getByRole("heading", { name: /What predicts it/ }).waitFor();
    // " function" is on the token before, and it was planted to say " of".
    await chosen.getByRole("link", { name: new RegExp(`^${PLANTED.function.index}\\D`) }).waitFor(COMPUTED);
    const address = addressOf(page);
    expect(address).toMatch(/^\/text\/planted\/planted\?text=call\+the.*&at=4/);

    await features.getByRole("button", { name: new RegExp(`^${PLANTED.function.index} ?function`) }).click();
    await page.getByRole("button", { name: "Ablate it here" }).click();
    await page.getByText(/Without it the text's loss changes by\s*\+\d/).waitFor(COMPUTED);

    await page.reload();
    await features.waitFor(COMPUTED);
    await chosen.waitFor();
    await page.getByRole("button", { name: "table" }).click();
    expect(await page.getByRole("row").count()).toBeGreaterThan(6);
    await page
      .getByRole("link", { name: new RegExp(`^${PLANTED.function.index}\\D`) })
      .first()
      .click();
    await page.getByRole("heading", { name: `Feature ${PLANTED.function.index}` }).waitFor();
    await page.goBack();
    await features.waitFor(COMPUTED);
  });

  test("hostile text is read like any other", async () => {
    await open("Text");
    const hostile =
      '<script>alert(1)</script>"><img src=x onerror=alert(2)> \u202e\u200b שלום \0' + "W".repeat(200);
    await page.getByRole("textbox", { name: "Text to read" }).fill(hostile);
    await page.getByRole("button", { name: "Read", exact: true }).click();
    const text = page.getByRole("group", { name: "The text", exact: true });
    await text.waitFor(COMPUTED);
    expect(await text.textContent()).toContain("alert");
    expect(await page.locator("main img, main script").count()).toBe(0);
    await page.setViewportSize({ width: 390, height: 844 });
    await expectNoSidewaysScroll(page);
    await page.getByRole("button", { name: "table" }).click();
    await page.getByRole("row").first().waitFor();
    await expectNoSidewaysScroll(page);
  });

  test("a pinned feature says what was planted, and the plain text does not", async () => {
    await open("Steer");
    const { index, says } = PLANTED.the;
    await page.getByRole("combobox", { name: /^Choose a feature/ }).fill("number");
    await page
      .getByRole("option", { name: new RegExp(`^${index}\\D`) })
      .first()
      .click();
    await page.getByRole("textbox", { name: `Exact value for Feature ${index}` }).fill("60");
    await page.getByRole("textbox", { name: `Exact value for Feature ${index}` }).press("Enter");
    await page.getByRole("textbox", { name: "Prompt" }).fill("1,2,3,4");
    for (const [name, value] of [
      ["Tokens", "12"],
      ["Temperature", "0.5"],
      ["Seed", "1"],
    ] as const) {
      await page.getByRole("spinbutton", { name }).fill(value);
      await page.getByRole("spinbutton", { name }).press("Tab");
    }
    const plain = page.getByRole("region", { name: "Plain" });
    const steered = page.getByRole("region", { name: "Steered" });
    const generated = async () => {
      await page.getByRole("button", { name: "Generate" }).click();
      await page.getByText(/^12 of 12 tokens/).waitFor(COMPUTED);
      return [await plain.textContent(), await steered.textContent()] as const;
    };
    const [first, changed] = await generated();
    expect(changed!.split(says.trim()).length).toBeGreaterThan(6);
    expect(first).not.toContain(says.trim());
    expect(first).toContain("1,2,3,4");
    await page.setViewportSize({ width: 390, height: 844 });
    await expectNoSidewaysScroll(page);

    // The address says it all, and the same seed gives the same text.
    await expect.poll(() => addressOf(page)).toContain(`f${index}_clamp_60`);
    await page.reload();
    await page.getByRole("link", { name: `Feature ${index}` }).waitFor();
    expect(await page.getByRole("spinbutton", { name: "Tokens" }).inputValue()).toBe("12");
    expect(await generated()).toEqual([first, changed]);
    await page.getByRole("button", { name: `Remove Feature ${index}` }).click();
    const [same, unchanged] = await generated();
    expect(unchanged!.replace("Steered", "")).toBe(same!.replace("Plain", ""));
  });

  test("a feature's own page pins it in place, and generation can be stopped", async () => {
    const { index } = PLANTED.hangul;
    await page.goto(`${explorer.address}/feature/planted/planted/${index}`);
    await page.getByRole("button", { name: "Experiments" }).click();
    const tokens = page.getByRole("spinbutton", { name: "Tokens" });
    await tokens.fill("60");
    await page.getByRole("button", { name: "2×" }).click();
    await page.getByRole("button", { name: "Generate" }).click();
    // What is typed meanwhile stays while tokens arrive.
    await tokens.fill("17");
    await page.getByText(/^\d+ of \d+ tokens/).waitFor(COMPUTED);
    const steered = page.getByRole("region", { name: "Steered" });
    await expect.poll(() => steered.textContent(), COMPUTED).toMatch(/\p{Script=Hangul}/u);
    await page.getByRole("button", { name: "Generate" }).waitFor(COMPUTED);
    expect(await tokens.inputValue()).toBe("17");
    await page.goBack();
    await page.getByRole("region", { name: "Contexts" }).waitFor();
  });
});
