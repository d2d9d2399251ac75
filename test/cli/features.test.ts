/** `monosemantic features` as a process: what it says, and what is left when it is killed. */

import { cpSync, existsSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStore } from "../../src/store/store.ts";
import { plantRun } from "../run/planted-run.ts";
import { LAUNCHER, start } from "./processes.ts";

let folder: string;
let run: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "features-"));
  run = join(folder, "run");
  await plantRun(run, 150);
});
afterAll(() => rmSync(folder, { recursive: true }));

function copy(name: string): string {
  const path = join(folder, name);
  cpSync(run, path, { recursive: true });
  return path;
}

const FLAGS = ["--ablations", "1", "--proxies", "hangul", "--neuron-tokens", "20k", "--threads", "1"];
const features = (path: string, ...flags: string[]) =>
  start(process.execPath, [LAUNCHER, "features", path, ...FLAGS, ...flags]);

/** Everything that the store says of the planted features. */
function found(path: string): unknown {
  const store = openStore(join(path, "features.sqlite"), { readonly: true });
  const units = [0, 1, 2, 3, 4, 5].map((index) => store.unit("planted", "feature", index));
  const ablations = [0, 1, 2, 3, 4, 5].map((index) => store.ablations("planted", "feature", index));
  store.close();
  return { units, ablations };
}

test("killed midway, it goes on where it was and finds the same", async () => {
  const undisturbed = copy("undisturbed");
  expect(await features(undisturbed).finished).toMatchObject({ code: 0 });

  const disturbed = copy("disturbed");
  const killed = features(disturbed, "--checkpoint-minutes", "0.0001");
  const saved = () => globSync(join(disturbed, "analysis", "checkpoint", "*", "state.json")).length > 0;
  while (!saved() && killed.child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
  killed.child.kill("SIGKILL");
  expect((await killed.finished).signal).toBe("SIGKILL");
  expect(existsSync(join(disturbed, "features.sqlite"))).toBe(false);

  const resumed = await features(disturbed).finished;
  expect(resumed.code).toBe(0);
  expect(resumed.stderr).toMatch(/going on where an earlier analysis was stopped, after \d+ tokens/);
  expect(existsSync(join(disturbed, "analysis"))).toBe(false);
  expect(found(disturbed)).toEqual(found(undisturbed));
});

test("stopped by Ctrl-C, it says how to go on", async () => {
  const path = copy("stopped");
  const stopped = features(path);
  await stopped.saw("reading the text");
  stopped.child.kill("SIGINT");
  const { code, stderr } = await stopped.finished;
  expect(code).toBe(130);
  expect(stderr).toMatch(/"monosemantic features .*stopped" with the same options goes on from there/);
});

test("without the run's tokens it says that they are missing", async () => {
  const path = copy("bare");
  rmSync(join(path, "tokens"), { recursive: true });
  const { code, stderr } = await features(path).finished;
  expect(code).toBe(1);
  expect(stderr).toMatch(/has no tokens folder/);
});
