/** What a reader meets when there is nothing to show yet, no such thing, or no server: a sentence, and a way on. */

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStore, STORE_FILE } from "../../../src/store/store.ts";
import { analysisOf, contextsOf, unitOf } from "../../store/synthetic.ts";
import { exploredRun } from "../explored-run.ts";
import { type Explorer, explore } from "./explorer.ts";
import { describeInBrowser } from "./in-browser.ts";
import { plantedRun } from "./planted.ts";
import { addressOf, FAILED_REQUEST, type Visit, visit } from "./visit.ts";

describeInBrowser("where there is nothing to show", (launch) => {
  let folder: string;
  let browser: Browser;
  let explorer: Explorer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "monosemantic-states-"));
    exploredRun(join(folder, "bare"), { analysed: false });
    exploredRun(join(folder, "stopped"), { analysed: false, finished: false, status: "failed" });
    const silent = exploredRun(join(folder, "silent"), { analysed: false });
    const store = openStore(join(silent, STORE_FILE));
    const shape = { count: 70, dead: 1 };
    const writer = store.begin("a", { ...analysisOf(shape), alive: 0 }, { tokenText: (id) => `t${id}` });
    writer.putContexts(contextsOf(shape));
    for (let index = 0; index < shape.count; index++) writer.putUnit(unitOf(index, shape));
    writer.commit();
    store.close();
    cpSync(await plantedRun(), join(folder, "planted"), { recursive: true });
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

  test("a run without an analysis says which command makes one", () =>
    visiting("/features/bare/a", async ({ page }) => {
      await page.getByRole("heading", { name: "Not analysed yet" }).waitFor();
      await page.getByText("monosemantic features").waitFor();
      await page.getByRole("link", { name: "Run", exact: true }).click();
      await page.getByRole("heading", { name: "bare" }).waitFor();
      expect(addressOf(page)).toBe("/run/bare/a");
    }));

  test("a feature that was not analysed, and one beyond the last, say so and lead back", () =>
    visiting("/feature/bare/a/1", async ({ page, forgive }) => {
      forgive(FAILED_REQUEST);
      await page
        .getByRole("alert")
        .getByText(/analys/i)
        .waitFor();
      await page.goto(`${explorer.address}/feature/planted/planted/6`);
      await page.getByRole("heading", { name: "There is no feature 6" }).waitFor();
      await page.getByRole("link", { name: "To the list" }).click();
      await page.getByText("6 found").waitFor();
    }));

  test("a run that ended early has no dictionary, and its curves are a link away", () =>
    visiting("/features/stopped/a", async ({ page }) => {
      await page.getByRole("heading", { name: /Not analysed yet|No dictionary here/ }).waitFor();
      await page.getByRole("link", { name: "Run", exact: true }).click();
      await page.getByRole("heading", { name: "stopped" }).waitFor();
      await page
        .getByRole("img", { name: /over training tokens/ })
        .first()
        .waitFor();
    }));

  test("a dictionary of which no feature was ever active is listed, and each says so", () =>
    visiting("/features/silent/a", async ({ page }) => {
      await page.getByText("70 found · 0 of 70 alive").waitFor();
      const rows = page.getByRole("listbox").getByRole("option");
      expect(await rows.first().textContent()).toContain("never active");
      await page.getByRole("combobox", { name: "Sort" }).selectOption("density");
      await rows.first().waitFor();
      await rows.first().click();
      await page.getByRole("heading", { name: "Never active" }).waitFor();
      await page.getByRole("button", { name: "Experiments" }).click();
      await page.goto(`${explorer.address}/features/silent/a?filter=alive`);
      await page.getByRole("heading", { name: "Nothing found" }).waitFor();
      for (const name of ["map", "run", "compare", "text", "steer"]) {
        await page.goto(`${explorer.address}/${name}/silent/a`);
        await page.getByRole("navigation").waitFor();
        await page.waitForLoadState("networkidle");
      }
    }));

  test.each([
    ["/nowhere", "There is no such page"],
    ["/features/none/x", "There is no run “none” here"],
    ["/features/bare/none", "bare has no dictionary “none”"],
    ["/feature/bare/a/x", "There is no such page"],
  ])("%s: %s", (path, words) =>
    visiting(path, async ({ page }) => {
      await page.getByRole("heading", { name: words }).waitFor();
      await page.getByRole("banner").getByRole("link", { name: "monosemantic" }).waitFor();
    }),
  );

  test("two explorers on one run: what is said in one is seen in the other", async () => {
    const second = await explore([join(folder, "planted")]);
    try {
      await visiting("/feature/planted/planted/3", async ({ page }) => {
        await page.getByRole("button", { name: "Say what it is" }).click();
        await page.getByRole("textbox").fill("said in the first one");
        await page.keyboard.press("Enter");
        await page.getByText("your words").waitFor();
      });
      const other = await visit(browser, `${second.address}/feature/planted/planted/3`);
      await other.page.getByText("said in the first one").waitFor();
      await other.page.getByRole("button", { name: "Edit" }).click();
      await other.page.getByRole("textbox").fill("and in the second");
      await other.page.keyboard.press("Enter");
      await other.page.getByText("and in the second").waitFor();
      await other.leave();
      await visiting("/features/planted/planted?q=second", async ({ page }) => {
        await page.getByRole("listbox").getByText("and in the second").waitFor();
      });
    } finally {
      await second.end();
    }
  });

  test("a server that is killed is missed with a sentence, and found again when it is back", async () => {
    const run = join(folder, "planted");
    let server = await explore([run]);
    const here = await visit(browser, `${server.address}/features/planted/planted`);
    const { page } = here;
    here.forgive(FAILED_REQUEST);
    const { port } = server;
    await page.getByText("6 found").waitFor();
    await server.end("SIGKILL");

    // What was looked at is still there; what was not is missed, in words.
    await page.getByRole("searchbox").fill("function");
    const alert = page.getByRole("alert");
    await alert.getByText("The server does not answer.").waitFor();
    await alert.getByRole("button", { name: "Try again" }).click();
    await alert.getByText("The server does not answer.").waitFor();
    server = await explore([run], port);
    expect(server.port).toBe(port);
    await alert.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("listbox").getByRole("option").first().waitFor();
    await expect.poll(() => alert.count()).toBe(0);

    await page.getByRole("listbox").getByRole("option").first().click();
    await page.getByRole("heading", { name: "Feature 0" }).waitFor();
    await page.getByRole("button", { name: "Say what it is" }).click();
    await page.getByRole("textbox").fill("written to nobody");
    await server.end("SIGKILL");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The server does not answer.").waitFor();
    // Nothing that was typed is lost.
    expect(await page.getByRole("textbox").inputValue()).toBe("written to nobody");
    server = await explore([run], port);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("your words").waitFor();
    await here.leave();
    await server.end();
  });
});
