/** The page as it is shipped: two files that any browser loads by a plain tag, under the policy that the server sends. */

import { Script } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundlePage, loadPage, type PageAssets } from "../../src/explorer/page-build.ts";

const environment = process.env["NODE_ENV"];
let page: PageAssets;

beforeAll(async () => {
  page = await bundlePage();
});
afterAll(() => {
  process.env["NODE_ENV"] = environment;
});

test("the same sources give the same page, whatever the environment is said to be", async () => {
  process.env["NODE_ENV"] = "development";
  expect((await bundlePage()).hash).toBe(page.hash);
  process.env["NODE_ENV"] = "production";
  expect((await loadPage()).hash).toBe(page.hash);
});

test("the page is one script and one style sheet, which load nothing else and run no text", () => {
  // No module: a page opened from a folder may load none.
  expect(new Script(page.script)).toBeInstanceOf(Script);
  expect(/\beval\(|new Function\(|import\(|sourceMappingURL/.exec(page.script)).toBeNull();
  expect(/@import|url\((?!["']?data:)/.exec(page.style)).toBeNull();
  expect(page.script.length + page.style.length).toBeLessThan(400_000);
});
