/** A small study from its text to its last part, by real processes; and what its results are good for. */

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeReport } from "../../src/report/write-report.ts";
import { openSubject } from "../../src/run/subject.ts";
import { openStore, STORE_FILE } from "../../src/store/store.ts";
import { readLeftOut } from "../../src/study/left-out.ts";
import type { StudyState } from "../../src/study/state.ts";
import { type Finished, monosemantic } from "../cli/processes.ts";
import { MEASURES, writeSmallStudy } from "./small-study.ts";
import { attemptsOf, bitsOf } from "./study-places.ts";

/** Many processes, each of which is fast where nothing else is at work. */
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

const folder = mkdtempSync(join(tmpdir(), "monosemantic-study-"));
const study = join(folder, "whole");
const result = (part: string) => join(study, "parts", part, "result");

let finished: Finished;
beforeAll(async () => {
  writeSmallStudy(study, { measures: MEASURES, slices: 2 });
  finished = await monosemantic("resume", study);
});
afterAll(() => rmSync(folder, { recursive: true }));

test("every part is done by one attempt, of which only the records are left", async () => {
  expect(finished.code, finished.stderr).toBe(0);
  expect(finished.stdout).toContain("complete");
  expect(finished.stderr).toContain("train-g1 is done");
  const { stdout } = await monosemantic("status", study, "--json");
  const state = JSON.parse(stdout) as StudyState;
  expect(state).toMatchObject({ done: 12, failed: 0, cancelled: false, complete: true });
  for (const { part } of state.parts) {
    const [attempt, ...more] = attemptsOf(study, part.name);
    expect(more).toEqual([]);
    expect(attempt).toMatchObject({ record: { number: 1, continues: null }, outcome: { ending: "done" } });
    const left = readdirSync(join(study, "parts", part.name, "attempts", "0001"));
    expect(left.sort()).toEqual(["attempt.json", "outcome.json", "progress.json"]);
  }
});

test("a group's result is a run directory that can be looked at and gone on with", async () => {
  const run = result("explain-g1");
  const { saes, shards } = await openSubject({ run });
  expect(saes.map(({ name }) => name)).toEqual(["x2-s0", "x2-s1"]);
  expect(shards.train.contexts).toBeGreaterThan(0);
  const store = openStore(join(run, STORE_FILE), { readonly: true });
  for (const name of ["x2-s0", "x2-s1"]) {
    expect(store.analysis(name, "feature")).toMatchObject({ record: { count: 32 } });
    expect(readdirSync(join(run, "interpretation", name)).some((file) => file.endsWith(".json"))).toBe(true);
    expect(existsSync(join(run, "saes", name, "evaluation.json"))).toBe(true);
  }
  store.close();
  expect(existsSync(join(run, "controls"))).toBe(false);
  writeReport(run);
  expect(readFileSync(join(run, "report.html"), "utf8")).toContain("x2-s1");
});

test("results of earlier stages stay what they were", () => {
  expect(existsSync(join(result("train-g1"), "saes", "x2-s0", "evaluation.json"))).toBe(false);
  expect(existsSync(join(result("measure-g1"), "interpretation"))).toBe(false);
  const compared = JSON.parse(readFileSync(join(result("compare-p2"), "compare.json"), "utf8"));
  expect([compared.a.name, compared.b.name]).toEqual(["x4-s0", "x4-s1"]);
});

test("the report is written", () => {
  expect(readFileSync(join(study, "report.html"), "utf8")).toContain("a small study");
  expect(JSON.parse(readFileSync(join(study, "trials.json"), "utf8"))).toBeTruthy();
});

test("a complete study stays as it is", async () => {
  const { code, stderr } = await monosemantic("resume", study);
  expect(code).toBe(0);
  expect(stderr).not.toContain("begins");
  const cancelled = await monosemantic("cancel", study);
  expect([cancelled.code, cancelled.stdout]).toEqual([0, `${study} is complete: nothing to cancel\n`]);
  expect(existsSync(join(study, "cancelled.json"))).toBe(false);
});

test("a trial that diverges is told and left out, and the one beside it is what it was", async () => {
  const other = join(folder, "diverging");
  writeSmallStudy(other, {
    groups: [["x2-s0", "x2-s1"]],
    lr: { "x2-s1": 1e20 },
    slices: 2,
    until: "compare",
    measures: { compare: MEASURES.compare },
  });
  // The text is the same.
  for (const part of ["tokenise-t1.0", "tokenise-t1.1", "join-t1"]) {
    cpSync(join(study, "parts", part), join(other, "parts", part), { recursive: true });
  }
  const { code, stdout, stderr } = await monosemantic("resume", other);
  expect(code, stderr).toBe(0);
  expect(stdout).toContain("complete");
  const status = await monosemantic("status", other);
  expect(status.stdout).toMatch(/train-g1: left out: x2-s1, training diverged at step \d+/);
  expect(Object.keys(readLeftOut(join(other, "parts", "measure-g1", "result")))).toEqual(["x2-s1"]);
  const [bits, whole] = [bitsOf(other), bitsOf(study)];
  const files = Object.keys(bits);
  expect(files).toContain("measure-g1/x2-s0/evaluation.json");
  expect(files.some((file) => file.includes("x2-s1"))).toBe(false);
  for (const file of files.filter((name) => name.endsWith(".safetensors")))
    expect(bits[file], file).toBe(whole[file]);
});
