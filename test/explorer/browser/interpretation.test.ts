/** Explanations with what they predict, scores beside their controls: read, switched and reached from the address. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { monosemantic } from "../../cli/processes.ts";
import { exploredRun } from "../explored-run.ts";
import { plantInterpretation, plantResult } from "../planted-interpretation.ts";
import { type Explorer, explore } from "./explorer.ts";
import { describeInBrowser } from "./in-browser.ts";
import { addressOf, expectNoSidewaysScroll, type Visit, visit } from "./visit.ts";

describeInBrowser("explanations and their scores", (launch) => {
  let folder: string;
  let browser: Browser;
  let explorer: Explorer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "monosemantic-meaning-"));
    const run = exploredRun(join(folder, "run"));
    plantInterpretation(run, [{ name: "offline" }]);
    plantResult(run, "a", {
      name: "older",
      started: "2026-01-01T00:00:00.000Z",
      conclusion: "<img src=x onerror=alert(3)> is what it says.",
      stopped: "the budget was spent",
    });
    [browser, explorer] = await Promise.all([launch(), explore([run])]);
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

  test("a unit's explanation has its score, interval and kind, and says that it was chosen", () =>
    visiting("/feature/run/a/30", async ({ page }) => {
      const said = page.locator(".explanation");
      await said.getByText("fires on <script>alert(1)</script>").waitFor();
      expect(await said.textContent()).toMatch(/token-lookup.*0\.30 \[0\.25, 0\.75\] bricken-2023.*chosen/);
      await said.getByText("bricken-2023").focus();
      await page.getByRole("tooltip").getByText("Spearman correlation").waitFor();
      await said.getByRole("link", { name: "predicted beside real" }).click();
      await page.getByRole("heading", { name: /^Predicted beside real/ }).waitFor();
      expect(addressOf(page)).toMatch(/view=explanations&explanation=\d+/);
    }));

  test("what was predicted stands beside what was real, failures and wrong answers are said", () =>
    visiting("/feature/run/a/30?view=explanations", async ({ page }) => {
      const here = page.getByRole("region", { name: "Explanations" });
      await here.getByText("1 without a usable answer, left out of the score").waitFor();
      const excerpts = here.locator(".simulated");
      expect(await excerpts.count()).toBe(2);
      expect(await excerpts.first().getByRole("group").getAttribute("aria-label")).toContain(
        "interval 5: real/predicted",
      );
      await excerpts.first().locator("[data-t]").nth(2).hover();
      const tip = page.getByRole("tooltip");
      expect(await tip.textContent()).toMatch(/Real\s*3.*of 9.*Predicted\s*0/);
      await page.mouse.move(1, 1);
      await excerpts.nth(1).getByText("no usable answer").waitFor();
      await here.getByRole("button", { name: "by group" }).click();
      expect(addressOf(page)).toContain("excerpts=group");

      expect(await here.locator("section").filter({ hasText: "Fuzzing" }).textContent()).toContain(
        "2 right, 0 wrong, 1 without an answer",
      );
      await here.getByText("Rightly said to be more likely").waitFor();
      await here.getByText("No usable answer", { exact: false }).first().waitFor();
      await here.getByText("0 of 2 found").waitFor();
      const scores = here.getByRole("table");
      expect(await scores.getByRole("row").count()).toBe(5);
      expect(await scores.getByRole("row").nth(2).textContent()).toMatch(/fuzzing0\.75\[0\.25, 0\.75\]0\.50/);

      await here.getByRole("link", { name: /something else/ }).click();
      await expect.poll(() => scores.getByRole("row").count()).toBe(2);
      expect(await here.locator("[aria-current]").textContent()).toContain("0.99");
      await page.reload();
      await here.getByText("fires on something else").waitFor();
      expect(await here.locator("[aria-current]").textContent()).toContain("0.99");
    }));

  test("a neuron without explanations says which command makes some", () =>
    visiting("/neuron/run/a/3?view=explanations", async ({ page }) => {
      await page.getByRole("heading", { name: "Not explained yet" }).waitFor();
      await page.getByText("monosemantic explain RUN").waitFor();
    }));

  test("the list sorts and filters by the score, and says which it is", () =>
    visiting("/features/run/a?sort=score&score-from=0.4", async ({ page }) => {
      await page.getByText("30 found").waitFor();
      const first = page.getByRole("listbox").getByRole("option").first();
      expect(await first.textContent()).toContain("0.69");
      await page.getByRole("button", { name: /^score/ }).focus();
      await page.getByRole("tooltip").getByText("Spearman correlation").waitFor();
    }));

  test("conclusion, table, histograms and scatter follow the address", () =>
    visiting("/meaning/run/a", async ({ page }) => {
      await page.getByText("Features are more interpretable than neurons").waitFor();
      const table = page.getByRole("table").first();
      expect(await table.getByRole("columnheader").count()).toBe(8);
      const rows = table.locator("tbody tr");
      expect(await rows.count()).toBe(4);
      expect(await rows.first().textContent()).toMatch(/^chosen.*\[.*median .* · \d+/);
      expect(await page.getByRole("img", { name: /^Scores of / }).count()).toBe(6);
      await page.getByRole("img", { name: /^Score against density of \d+ units/ }).waitFor();
      await page.getByText("Nobody has rated this dictionary yet").waitFor();

      const before = await rows.first().textContent();
      await page.getByRole("button", { name: "single-token" }).click();
      await expect.poll(() => rows.first().textContent()).not.toBe(before);
      await page.getByRole("button", { name: "logits" }).click();
      await page.getByRole("button", { name: "rule" }).click();
      await page.getByRole("heading", { name: "How scores spread rule, logits" }).waitFor();
      const address = addressOf(page);
      expect(address).toBe("/meaning/run/a?split=single-token&score=logits&explainer=rule");
      await page.reload();
      await page.getByRole("heading", { name: "How scores spread rule, logits" }).waitFor();

      await page.getByLabel("Interpretation").selectOption("older");
      await page.getByText("<img src=x onerror=alert(3)> is what it says.").waitFor();
      await page.getByText("It ended early: the budget was spent.").waitFor();
      await page.getByText("none: nothing was sent and nothing paid").waitFor();
      await page.goBack();
      await page.getByText("Features are more interpretable than neurons").waitFor();
    }));

  test("a dictionary that was not interpreted says what to type", () =>
    visiting("/meaning/run/b", async ({ page }) => {
      await page.getByRole("heading", { name: "Not interpreted yet" }).waitFor();
      await page.getByText("monosemantic explain RUN", { exact: true }).waitFor();
    }));

  test.each(["/meaning/run/a", "/feature/run/a/30?view=explanations"])(
    "%s is no wider than a narrow window",
    (path) =>
      visiting(
        path,
        async ({ page }) => {
          await page.getByRole("table").first().waitFor();
          await page.waitForLoadState("networkidle");
          for (const width of [320, 390, 700, 1000]) {
            await page.setViewportSize({ width, height: 844 });
            await expectNoSidewaysScroll(page);
          }
        },
        390,
      ),
  );

  test("an exported page has the conclusion and the chosen explanations, and rates nothing", async () => {
    const page = join(folder, "page");
    const { code, stderr } = await monosemantic("export", join(folder, "run"), "--html", page);
    expect(code, stderr).toBe(0);
    const here = await visit(browser, `${pathToFileURL(join(page, "index.html")).href}#/meaning/run/a`);
    await here.page.getByText("Features are more interpretable than neurons").waitFor();
    await here.page.getByRole("link", { name: "Rate", exact: true }).click();
    await here.page.getByRole("heading", { name: "No ratings yet" }).waitFor();
    expect(await here.page.getByRole("textbox").count()).toBe(0);
    await here.page.goto(
      `${pathToFileURL(join(page, "index.html")).href}#/feature/run/a/30?view=explanations`,
    );
    await here.page.getByRole("heading", { name: /^Predicted beside real/ }).waitFor();
    await here.leave();
  });
});
