/** The map: features are found on it by pointer, search and keyboard, and opened. */

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { MapPoints } from "../../../src/explorer/api.ts";
import { PLANTED } from "../../run/planted-run.ts";
import { type Explorer, explore } from "./explorer.ts";
import { describeInBrowser } from "./in-browser.ts";
import { plantedRun } from "./planted.ts";
import { addressOf, type Visit, visit } from "./visit.ts";

describeInBrowser("the map", (launch) => {
  let browser: Browser;
  let explorer: Explorer;
  let here: Visit;
  let page: Page;

  beforeAll(async () => {
    [browser, explorer] = await Promise.all([launch(), plantedRun().then((run) => explore([run]))]);
  });
  afterAll(() => Promise.all([browser?.close(), explorer?.end()]));
  beforeEach(async () => {
    here = await visit(browser, `${explorer.address}/map/planted/planted`);
    ({ page } = here);
    await map().waitFor();
  });
  afterEach(() => here.leave());

  const map = () => page.getByRole("application", { name: /^Map of 4 features/ });
  const panel = () => page.getByRole("complementary", { name: "The chosen feature" });
  const shows = (index: number) => page.getByRole("heading", { name: `Feature ${index}` }).waitFor();

  test("names what the pointer is on, and a click opens it", async () => {
    const { index } = PLANTED.hangul;
    const points = (await (
      await fetch(`${explorer.address}/api/runs/planted/planted/map`)
    ).json()) as MapPoints;
    const at = points.index.indexOf(index);
    // Seen from so near, the feature is in the middle and no other one beside it.
    await page.goto(`${page.url()}?view=${points.x[at]}_${points.y[at]}_8`);
    const { x, y, width, height } = (await map().boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.getByRole("tooltip").getByText(`Feature ${index}`).waitFor();
    expect(await page.getByRole("tooltip").textContent()).toContain("영화");
    await page.mouse.move(x + width / 2, y + height - 30);
    await expect.poll(() => page.getByRole("tooltip").count()).toBe(0);
    await page.mouse.click(x + width / 2, y + height / 2);
    await shows(index);
    await page.goBack();
    await map().waitFor();
  });

  test("is moved and zoomed, and the address keeps the view", async () => {
    await page.getByRole("button", { name: "Closer" }).click();
    await expect.poll(() => addressOf(page)).toContain("view=");
    const before = addressOf(page);
    const { x, y, width, height } = (await map().boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width / 2 + 60, y + height / 2 + 20, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => addressOf(page)).not.toBe(before);
    const dragged = addressOf(page);
    await page.mouse.wheel(0, -200);
    await expect.poll(() => addressOf(page)).not.toBe(dragged);
    const zoomed = addressOf(page);
    await page.reload();
    await map().waitFor();
    expect(addressOf(page)).toBe(zoomed);
    await page.getByRole("button", { name: "The whole map" }).click();
    await expect.poll(() => addressOf(page)).toBe("/map/planted/planted");
  });

  test("marks what is searched for", async () => {
    await page.keyboard.press("/");
    await page.keyboard.type("the");
    await page.getByRole("status").getByText("found").waitFor();
    await expect.poll(() => addressOf(page)).toContain("q=the");
  });

  test("is led by the keyboard: Enter chooses, Shift and arrows go on, Enter opens", async () => {
    await map().focus();
    await page.keyboard.press("Enter");
    await panel().waitFor();
    const first = await panel().getByRole("link").first().textContent();
    await expect.poll(() => addressOf(page)).toMatch(/at=\d/);
    for (const arrow of ["ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"]) {
      await page.keyboard.press(`Shift+${arrow}`);
      if ((await panel().getByRole("link").first().textContent()) !== first) break;
    }
    const second = (await panel().getByRole("link").first().textContent())!;
    expect(second).not.toBe(first);
    expect(await panel().getByRole("listitem").count()).toBe(3);
    await page.reload();
    await expect.poll(() => panel().getByRole("link").first().textContent()).toBe(second);
    await map().focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: second }).waitFor();
  });
});
