/** `monosemantic explore` as a process: the address, the end, two of them on one run, one after the other. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunSummary } from "../../src/explorer/api.ts";
import { browserOpener } from "../../src/explorer/open-browser.ts";
import { STORE_FILE } from "../../src/store/store.ts";
import { LAUNCHER, monosemantic, start, type Started } from "../cli/processes.ts";
import { exploredRun } from "./explored-run.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-explore-"));
const run = join(folder, "run");
const bare = join(folder, "bare");

beforeAll(() => {
  exploredRun(run);
  exploredRun(bare, { analysed: false });
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Explorer extends Started {
  address(): Promise<string>;
}

function explore(...args: string[]): Explorer {
  // Nothing shall open on the screen of whoever runs the tests.
  const env = { DISPLAY: "", WAYLAND_DISPLAY: "" };
  const started = start(process.execPath, [LAUNCHER, "explore", ...args], env);
  let printed = "";
  started.child.stdout!.on("data", (chunk) => (printed += chunk));
  return {
    ...started,
    async address() {
      await started.saw("http://");
      return /http:\/\/127\.0\.0\.1:\d+/.exec(printed)![0];
    },
  };
}

const runsAt = async (address: string) => (await (await fetch(`${address}/api/runs`)).json()) as RunSummary[];

test("two on one run, ended by Ctrl-C and TERM, and a restart at the same address", async () => {
  const first = explore(run, "--port", "0", "--no-open");
  const address = await first.address();
  expect((await runsAt(address)).map(({ id }) => id)).toEqual(["run"]);
  expect(await (await fetch(`${address}/run/a`)).text()).toContain('<div id="app">');
  const { port } = new URL(address);
  const second = explore(`${run},${bare}`, "--port", port);
  const other = await second.address();
  expect(Number(new URL(other).port)).toBeGreaterThan(Number(port));
  expect((await runsAt(other)).map(({ id }) => id)).toEqual(["run", "bare"]);
  const label = await fetch(`${other}/api/runs/run/a/units/feature/4/labels`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text: "said in the other one" }),
  });
  expect(label.status).toBe(200);
  const seen = await (await fetch(`${address}/api/runs/run/a/units/feature/4`)).text();
  expect(seen).toContain("said in the other one");

  first.child.kill("SIGINT");
  expect(await first.finished).toMatchObject({ code: 0, signal: null });
  await expect(fetch(address)).rejects.toThrow("fetch failed");
  const again = explore(run, "--port", port, "--no-open", "--json");
  expect(await again.address()).toBe(address);
  expect((await runsAt(address)).map(({ id }) => id)).toEqual(["run"]);
  second.child.kill("SIGTERM");
  again.child.kill("SIGINT");
  expect(await second.finished).toMatchObject({ code: 0 });
  const ended = await again.finished;
  expect(ended.code).toBe(0);
  expect(JSON.parse(ended.stdout)).toEqual({ address, runs: [{ id: "run", path: run }], studies: [] });
});

test("a run without an analysis says which command makes one; Ctrl-C ends an experiment too", async () => {
  const started = explore(bare, "--port", "0", "--no-open");
  const address = await started.address();
  await started.saw(`monosemantic features ${bare}`);
  const text = fetch(`${address}/api/runs/bare/a/text`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text: "word ".repeat(20) }),
  });
  text.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 30));
  started.child.kill("SIGINT");
  expect(await started.finished).toMatchObject({ code: 0, signal: null });
});

test("a damaged analysis is told from none", async () => {
  const damaged = exploredRun(join(folder, "damaged"));
  writeFileSync(join(damaged, STORE_FILE), "x".repeat(5000));
  const started = explore(damaged, "--port", "0", "--no-open");
  await started.saw("damaged has no features to show");
  await started.saw("features.sqlite is damaged");
  started.child.kill("SIGINT");
  expect(await started.finished).toMatchObject({ code: 0 });
});

test("a folder without a run, and none at all, are refused", async () => {
  const empty = join(folder, "empty");
  mkdirSync(empty);
  const nothing = await monosemantic("explore", empty);
  expect(nothing).toMatchObject({ code: 1, stdout: "" });
  expect(nothing.stderr).toMatch(/empty holds no run\.json/);
  expect(await monosemantic("explore")).toMatchObject({ code: 2 });
  expect(await monosemantic("explore", run, "--port", "70000")).toMatchObject({ code: 2 });
});

describe("the browser", () => {
  test.each([
    ["linux", { DISPLAY: ":0" }, "xdg-open"],
    ["linux", { WAYLAND_DISPLAY: "wayland-0" }, "xdg-open"],
    ["linux", {}, undefined],
    ["linux", { DISPLAY: "" }, undefined],
    ["darwin", {}, "open"],
    ["darwin", { SSH_CONNECTION: "1 2 3 4" }, undefined],
    ["win32", {}, "cmd"],
  ] as const)("on %s with %j: %s", (platform, environment, program) => {
    expect(browserOpener(platform, environment)?.[0]).toBe(program);
  });
});
