/** An exported folder, opened as a file: everything that is stored is there, and what needs a model says so. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { monosemantic } from "../../cli/processes.ts";
import { PLANTED } from "../../run/planted-run.ts";
import { describeInBrowser } from "./in-browser.ts";
import { plantedRun } from "./planted.ts";
import { type Visit, visit } from "./visit.ts";

describeInBrowser("an exported page", (launch) => {
  let folder: string;
  let browser: Browser;
  let here: Visit;
  let page: Page;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "monosemantic-exported-"));
    const [{ code, stderr }] = await Promise.all([
      plantedRun().then((run) => monosemantic("export", run, "--html", join(folder, "a page"))),
      launch().then((launched) => (browser = launched)),
    ]);
    expect(stderr).not.toContain("error");
    expect(code).toBe(0);
    expect(existsSync(join(folder, "a page", "index.html"))).toBe(true);
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    here = await visit(browser, pathToFileURL(join(folder, "a page", "index.html")).href);
    ({ page } = here);
  });
  afterEach(() => here.leave());

  const rows = () => page.getByRole("listbox").getByRole("option");

  test("lists and finds features, and shows one with its contexts and stored ablations", async () => {
    await page.getByText("6 found").waitFor();
    await page.getByRole("searchbox").fill("function");
    await page.getByText("3 found").waitFor();
    await rows().first().click();
    await page.getByRole("heading", { name: `Feature ${PLANTED.function.index}` }).waitFor();
    const texts = page.getByRole("region", { name: "Contexts" }).getByRole("group", { name: /^Activation/ });
    expect(await texts.count()).toBeGreaterThan(20);
    await page.getByText("the feature helps").first().waitFor();
    await page.getByText(/^Ablations of \d+ contexts are not in this export/).waitFor();
    // Nothing can be said or computed here.
    expect(await page.getByRole("button", { name: "Say what it is" }).count()).toBe(0);
    const address = page.url();
    await page.reload();
    await page.getByRole("heading", { name: `Feature ${PLANTED.function.index}` }).waitFor();
    expect(page.url()).toBe(address);
    await page.keyboard.press("]");
    await page.getByRole("heading", { name: "Feature 1" }).waitFor();
    await page.goBack();
    await page.goBack();
    await page.getByText("3 found").waitFor();
    expect(await page.getByRole("searchbox").inputValue()).toBe("function");
  });

  test("has neurons, the run and the map, and says what needs the model", async () => {
    await page.getByRole("button", { name: "neurons" }).click();
    await page.getByText("512 found").waitFor();
    await page.getByRole("listbox").focus();
    await page.keyboard.press("End");
    await rows().filter({ hasText: /^511/ }).click();
    await page.getByRole("heading", { name: "Neuron 511" }).waitFor();
    const open = (name: string) =>
      page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
    for (const name of ["Text", "Steer"]) {
      await open(name);
      await page.getByText("monosemantic explore").first().waitFor();
    }
    await open("Run");
    await page.getByRole("heading", { name: "planted" }).waitFor();
    await open("Map");
    await page.getByRole("navigation").waitFor();
    await open("Features");
    await page.getByRole("searchbox").waitFor();
  });
});
