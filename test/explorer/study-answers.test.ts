/** What the server answers about studies: done, going on, damaged, hostile, and beside runs. */

import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { RunSummary } from "../../src/explorer/api.ts";
import type {
  OutcomeEffectsAnswer,
  StudyResults,
  StudyStanding,
  StudySummary,
  VariationAnswer,
} from "../../src/explorer/study-api.ts";
import { collectOutcomes } from "../../src/study/outcomes/collect.ts";
import { analyseStudy } from "../../src/study/report/analysis.ts";
import { StudyFolder } from "../../src/study/study-folder.ts";
import { plantStudy, TRUTH } from "../study/planted-study.ts";
import { exploredRun, HOSTILE } from "./explored-run.ts";
import { serve, type Served } from "./served.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-studies-"));
const done = join(folder, "done");
const SMALL = { expansions: [1, 2], lambdas: [1, 4], seeds: [0, 1] };

let served: Served | undefined;
beforeAll(() => void plantStudy(done, { question: "Does it help?" }));
afterEach(async () => {
  expect(served?.bugs).toEqual([]);
  await served?.close();
  served = undefined;
});
afterAll(() => rmSync(folder, { recursive: true }));

async function json<T>(path: string, status = 200): Promise<T> {
  const answer = await served!.get(path);
  expect(answer.status, path).toBe(status);
  return (await answer.json()) as T;
}

describe("a study that is done", () => {
  test("is listed with its groups, which are no runs of the list", async () => {
    served = serve([done]);
    expect(await json<RunSummary[]>("/api/runs")).toEqual([]);
    const groups = ["g0", "g1", "g2"].map((name) => ({ name, run: `done~${name}` }));
    const summary: StudySummary = { id: "done", title: "Planted effects", error: null, groups };
    expect(await json<StudySummary[]>("/api/studies")).toEqual([summary]);
  });

  test("stands and has come out as its own files say", async () => {
    served = serve([done]);
    const standing = await json<StudyStanding>("/api/studies/done/standing");
    expect(standing).toMatchObject({ failed: 0, cancelled: false, done: standing.parts.length - 1 });
    expect(standing.parts.find(({ name }) => name === "train-g1")).toMatchObject({
      status: "done",
      attempts: 1,
    });
    const { outcomes, results } = await json<StudyResults>("/api/studies/done/outcomes");
    expect(results).toBe(standing.results);
    expect(outcomes).toEqual(JSON.parse(JSON.stringify(collectOutcomes(StudyFolder.open(done)))));
  });

  test("says of effects what the report says", async () => {
    const study = join(folder, "effects");
    plantStudy(study, { expansions: [1, 2, 4], lambdas: [1, 4] });
    served = serve([study]);
    const answer = await json<OutcomeEffectsAnswer>(
      "/api/studies/effects/effects?outcome=loss_recovered_zero",
    );
    const [{ effects, factors, trials, seeds }] = answer.populations as [
      OutcomeEffectsAnswer["populations"][0],
    ];
    expect({ trials, seeds }).toEqual({ trials: 12, seeds: 2 });
    const { populations } = analyseStudy(collectOutcomes(StudyFolder.open(study)));
    const reported = populations[0]!.effects.find(({ name }) => name === "loss_recovered_zero")!;
    const [first] = effects;
    expect(first).toMatchObject({ words: "expansion, per doubling", sure: true });
    const points = 100 * reported.contrasts[0]!.effect!.value;
    expect(first!.effect).toBe(`+${Number(points.toPrecision(3))} pts`);
    expect(points).toBeCloseTo(100 * TRUTH.perDoubling, 0);
    const levels = populations[0]!.dependences.find(
      ({ column, factor }) => column.definition.name === "loss_recovered_zero" && factor === "lambda",
    )!.levels;
    expect(factors.find(({ name }) => name === "lambda")!.levels).toEqual(levels);
    expect(factors[0]!.trials).toHaveLength(12);

    const ratios = await json<OutcomeEffectsAnswer>("/api/studies/effects/effects?outcome=l0");
    const lambda = ratios.populations[0]!.factors.find(({ name }) => name === "lambda")!;
    // Means of logarithms, in the outcome's own units.
    expect(ratios.populations[0]!.log).toBe(true);
    expect(lambda.levels[0]!.value).toBeCloseTo(40, -1);

    const { populations: variations } = await json<VariationAnswer>("/api/studies/effects/variation");
    const row = variations[0]!.rows.find(({ outcome }) => outcome === "loss_recovered_zero")!;
    expect(row.measuredOver).toBe("documents");
    expect(row.seeds).toMatch(/^0\.\d+ pts \[/);
  });

  test("has a run for each group: its newest result", async () => {
    served = serve([done]);
    const run = await json<RunSummary>("/api/runs/done~g1");
    expect(run).toMatchObject({ id: "done~g1", name: "done · g1", status: "complete" });
    expect(run.saes.map(({ name }) => name)).toContain("x8-lambda2-seed1");
    const curves = await json<{ saes: object }>("/api/runs/done~g1/curves");
    expect(Object.keys(curves.saes)).toHaveLength(8);
    await json("/api/runs/done~g1/x8-lambda2-seed1/interpretations");
  });

  test("answers what is not there with a sentence", async () => {
    served = serve([done]);
    await json("/api/studies/other/standing", 404);
    await json("/api/studies/done/effects", 400);
    await json("/api/studies/done/effects?outcome=__proto__", 404);
    await json("/api/runs/done~g9", 404);
    await json("/api/runs/done~..%2F..", 404);
    await json("/api/runs/done~", 404);
    expect((await served.post("/api/studies/done/outcomes", {})).status).toBe(404);
  });
});

test("results that come while the server is up appear; none of a group is opened before it is asked for", async () => {
  const study = join(folder, "grows");
  plantStudy(study, { ...SMALL, until: "train", failed: { "train-g1": "the disk is full" } });
  served = serve([study]);
  const before = await json<StudyStanding>("/api/studies/grows/standing");
  expect(before.parts.find(({ name }) => name === "train-g1")).toMatchObject({
    sentence: expect.stringContaining("the disk is full") as string,
  });
  const { outcomes } = await json<StudyResults>("/api/studies/grows/outcomes");
  expect(outcomes.trials.map(({ stage }) => stage)).toEqual([
    "train",
    "train",
    "train",
    "train",
    null,
    null,
    null,
    null,
  ]);
  const refused = await json<{ error: string }>("/api/runs/grows~g1", 409);
  expect(refused.error).toContain("g1 of the study");

  const result = join(study, "parts", "measure-g0", "result");
  const work = join(study, "parts", "measure-g0", "work");
  exploredRun(work);
  const open = await json<RunSummary>("/api/runs/grows~g0");
  expect(open.saes.every(({ analyses }) => analyses.length === 0)).toBe(true);
  renameSync(work, result);
  const after = await json<StudyStanding>("/api/studies/grows/standing");
  // The standing may be a second old; what results there are is not.
  expect(after.results).not.toBe(before.results);
  expect((await json<StudyResults>("/api/studies/grows/outcomes")).results).toBe(after.results);
  const measured = await json<RunSummary>("/api/runs/grows~g0");
  expect(measured.saes.find(({ name }) => name === "a")!.analyses).toHaveLength(2);
  await json("/api/runs/grows~g0/a/units/feature/4");
});

test("nothing is kept in a result that another will take the place of", async () => {
  const study = join(folder, "passes");
  plantStudy(study, { ...SMALL, until: "train" });
  exploredRun(join(study, "parts", "measure-g0", "result"));
  served = serve([study]);
  const address = "/api/runs/passes~g0/a/units/feature/4/labels";
  const refused = await served.post(address, { text: "said too early" });
  expect(refused.status).toBe(409);
  expect(((await refused.json()) as { error: string }).error).toContain("explain-g0 will take the place");
  exploredRun(join(study, "parts", "explain-g0", "result"));
  expect((await served.post(address, { text: "said in time" })).status).toBe(200);
});

test("studies and runs are found in one folder, and a study that starts later too", async () => {
  const place = join(folder, "mixed");
  exploredRun(join(place, "run"), { analysed: false });
  mkdirSync(join(place, "deep"), { recursive: true });
  cpSync(done, join(place, "deep", "done"), { recursive: true });
  served = serve([place]);
  expect((await json<RunSummary[]>("/api/runs")).map(({ id }) => id)).toEqual(["run"]);
  expect((await json<StudySummary[]>("/api/studies")).map(({ id }) => id)).toEqual(["done"]);
  plantStudy(join(place, "done"), { ...SMALL, title: "Another one" });
  const ids = (await json<StudySummary[]>("/api/studies")).map(({ id, title }) => [id, title]);
  expect(ids).toEqual([
    ["done", "Planted effects"],
    ["done-2", "Another one"],
  ]);
  await json("/api/runs/done-2~g0");
});

test("a damaged plan leaves the rest to be seen", async () => {
  const place = join(folder, "damaged");
  mkdirSync(join(place, "broken"), { recursive: true });
  writeFileSync(join(place, "broken", "plan.json"), "{");
  plantStudy(join(place, "whole"), SMALL);
  served = serve([place]);
  const [broken, whole] = await json<StudySummary[]>("/api/studies");
  expect(broken).toMatchObject({
    id: "broken",
    groups: [],
    error: expect.stringContaining("plan") as string,
  });
  expect(whole).toMatchObject({ id: "whole", error: null });
  await json("/api/studies/broken/standing", 500);
  await json("/api/studies/whole/standing");
});

test("hostile names travel as text", async () => {
  const study = join(folder, "hostile");
  plantStudy(study, { ...SMALL, title: HOSTILE[1]!, prefix: HOSTILE[0]!.replaceAll("/", "") });
  served = serve([study]);
  expect((await json<StudySummary[]>("/api/studies"))[0]!.title).toBe(HOSTILE[1]);
  const { outcomes } = await json<StudyResults>("/api/studies/hostile/outcomes");
  expect(outcomes.trials[0]!.name).toContain("<script>");
});

test("no name of a plan leads out of the study", async () => {
  const study = join(folder, "leads-out");
  const plan = plantStudy(study, SMALL);
  const outside = exploredRun(join(folder, "outside"));
  expect(existsSync(outside)).toBe(true);
  const parts = plan.parts.map((part) =>
    part.name === "explain-g0" ? { ...part, name: "../../outside/x" } : part,
  );
  writeFileSync(join(study, "plan.json"), JSON.stringify({ ...plan, parts }));
  served = serve([study]);
  const answer = await served.get("/api/runs/leads-out~g0");
  expect(answer.status).toBeGreaterThanOrEqual(400);
});
