/** What a GET answers, at every moment of a run's life: trained, being trained, interrupted, not analysed, damaged in places. */

import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { Curves, Quality, RunSummary, UnitList, UnitPage } from "../../src/explorer/api.ts";
import { RunCatalogue } from "../../src/explorer/server/run-catalogue.ts";
import { lockFolder } from "../../src/files/folder-lock.ts";
import { STORE_FILE } from "../../src/store/store.ts";
import { D_IN, D_SAE, exploredRun, HOOK, HOSTILE, type RunOptions } from "./explored-run.ts";
import { serve, type Served } from "./served.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-answers-"));
let runs = 0;
const open: Served[] = [];

afterEach(async () => {
  for (const served of open.splice(0)) {
    expect(served.bugs).toEqual([]);
    await served.close();
  }
});
afterAll(async () => {
  expect(whole?.served.bugs).toEqual([]);
  await whole?.served.close();
  rmSync(folder, { recursive: true });
});

/** A complete, analysed run that no test changes. */
let whole: { served: Served; path: string; id: string } | undefined;
function wholeRun() {
  if (whole === undefined) {
    whole = serving();
    open.pop();
  }
  return whole;
}

function serving(options: RunOptions = {}): { served: Served; path: string; id: string } {
  const id = `run${++runs}`;
  const path = exploredRun(join(folder, id), options);
  const served = serve([path]);
  open.push(served);
  return { served, path, id };
}

async function answer<T>(served: Served, path: string): Promise<T> {
  const response = await served.get(path);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as T;
}

async function refused(served: Served, path: string): Promise<{ status: number; error: string }> {
  const response = await served.get(path);
  return { status: response.status, ...((await response.json()) as { error: string }) };
}

describe("runs", () => {
  test("a complete run says all that is known", async () => {
    const { served, id } = wholeRun();
    const [run] = await answer<RunSummary[]>(served, "/api/runs");
    expect(run).toMatchObject({ id, name: id, status: "complete", error: null, hook: HOOK, model: "text" });
    expect(run!.live).toEqual({ possible: true, reason: null });
    expect(run!.saes.map(({ name, dIn, dSae }) => [name, dIn, dSae])).toEqual([
      ["a", 512, D_SAE],
      ["b", 512, D_SAE],
    ]);
    expect(run!.saes[0]!.evaluation).toMatchObject({ tokens: expect.any(Number) });
    expect(run!.saes[0]!.analyses.map(({ kind, count }) => [kind, count])).toEqual([
      ["feature", D_SAE],
      ["neuron", D_IN],
    ]);
    expect(run!.saes[1]!.analyses).toEqual([]);
  });

  test("running while a process holds the folder, interrupted when none does", async () => {
    const { served, path } = serving({ status: "running", analysed: false, finished: false });
    const lock = lockFolder(path);
    const [run] = await answer<RunSummary[]>(served, "/api/runs");
    expect(run).toMatchObject({ status: "running", live: { possible: false } });
    expect(run!.live.reason).toMatch(/still training/);
    expect(run!.saes[0]).toMatchObject({ dIn: 512, dSae: D_SAE, evaluation: null });
    lock.release();
    const [later] = await answer<RunSummary[]>(served, "/api/runs");
    expect(later).toMatchObject({ status: "interrupted", live: { possible: false } });
  });

  test("curves grow with the run, and only what is new is sent", async () => {
    const { served, path, id } = serving({ status: "running", analysed: false, finished: false });
    const first = await answer<Curves>(served, `/api/runs/${id}/curves`);
    const steps = first.saes["a"]!["step"]!;
    expect(steps).toHaveLength(320);
    expect(first.saes["a"]!["loss"]).toHaveLength(320);
    const last = steps.at(-1)!;
    expect((await answer<Curves>(served, `/api/runs/${id}/curves?after=${last}`)).saes["a"]!["step"]).toEqual(
      [],
    );
    const line = { kind: "train", sae: "a", step: last + 4, tokens: 1, loss: null, mse: 2 };
    // The second line is being written.
    appendFileSync(join(path, "metrics.jsonl"), `${JSON.stringify(line)}\n{"kind":"train","sae":"a","st`);
    const more = await answer<Curves>(served, `/api/runs/${id}/curves?after=${last}`);
    expect(more.saes["a"]).toMatchObject({ step: [last + 4], loss: [null], mse: [2], l0: [null] });
    expect((await refused(served, `/api/runs/${id}/curves?after=x`)).status).toBe(400);
  });

  test("densities of what was evaluated", async () => {
    const { served, id } = wholeRun();
    const { saes } = await answer<Quality>(served, `/api/runs/${id}/quality`);
    expect(saes.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(saes[0]!.logDensity).toHaveLength(D_SAE);
    expect(saes[0]!.rareEncoderCosine).toHaveLength(D_SAE);
    const young = serving({ finished: false, analysed: false });
    expect(await answer(young.served, `/api/runs/${young.id}/quality`)).toEqual({ saes: [] });
  });

  test("a folder of runs, two of one name, one that comes later", async () => {
    const study = join(folder, "study");
    for (const place of ["first/x", "second/x"]) exploredRun(join(study, place), { analysed: false });
    const served = serve([study]);
    open.push(served);
    const ids = async () => (await answer<RunSummary[]>(served, "/api/runs")).map(({ id }) => id);
    expect(await ids()).toEqual(["x", "x-2"]);
    exploredRun(join(study, "a later one"), { analysed: false });
    expect((await ids()).sort()).toEqual(["a later one", "x", "x-2"]);
    await answer(served, "/api/runs/a%20later%20one/curves");
    rmSync(join(study, "first"), { recursive: true });
    expect((await ids()).sort()).toEqual(["a later one", "x-2"]);
    expect((await refused(served, "/api/runs/x/curves")).status).toBe(404);
  });

  test("a folder without a run is refused by name", () => {
    const empty = join(folder, "nothing");
    mkdirSync(empty);
    expect(() => new RunCatalogue([empty])).toThrow(/nothing holds no run\.json/);
  });
});

describe("damage", () => {
  test("a damaged run.json is said, and the rest of the runs stand", async () => {
    const { served, path, id } = serving();
    writeFileSync(join(path, "run.json"), "{");
    const [run] = await answer<RunSummary[]>(served, "/api/runs");
    expect(run).toMatchObject({ id, status: "failed", live: { possible: false } });
    expect(run!.error).toMatch(/run\.json is not JSON/);
    await answer(served, `/api/runs/${id}/curves`);
  });

  test("a damaged evaluation leaves the other dictionary", async () => {
    const { served, path, id } = serving();
    writeFileSync(join(path, "saes", "a", "evaluation.json"), "{}");
    writeFileSync(join(path, "saes", "b", "features.safetensors"), "short");
    const [run] = await answer<RunSummary[]>(served, "/api/runs");
    expect(run!.saes.map(({ evaluation }) => evaluation === null)).toEqual([true, false]);
    expect((await answer<Quality>(served, `/api/runs/${id}/quality`)).saes).toEqual([]);
  });

  test.each([
    ["cut short", (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 5000))],
    [
      "overwritten",
      (file: string) => writeFileSync(file, "no database at all, but long enough to be one".repeat(99)),
    ],
    ["empty", (file: string) => writeFileSync(file, "")],
  ])("a store that is %s is said in a sentence, and the run is still shown", async (_, damage) => {
    const { served, path, id } = serving();
    damage(join(path, STORE_FILE));
    const [run] = await answer<RunSummary[]>(served, "/api/runs");
    expect(run!.status).toBe("complete");
    const { status, error } = await refused(served, `/api/runs/${id}/a/units`);
    expect([409, 500]).toContain(status);
    expect(error).toMatch(/features/);
    await answer(served, `/api/runs/${id}/curves`);
  });
});

describe("units", () => {
  test("without an analysis: which command makes one", async () => {
    const { served, path, id } = serving({ analysed: false });
    for (const place of ["units", "units/feature/1", "map"]) {
      const { status, error } = await refused(served, `/api/runs/${id}/a/${place}`);
      expect(status).toBe(409);
      expect(error).toContain(`monosemantic features ${path}`);
    }
    const analysed = wholeRun();
    expect((await refused(analysed.served, `/api/runs/${analysed.id}/b/units`)).status).toBe(409);
  });

  test("an analysis that is made, and made again, while the server is up", async () => {
    const { served, path, id } = serving({ analysed: false });
    const other = exploredRun(join(folder, "other"));
    cpSync(join(other, STORE_FILE), join(path, STORE_FILE));
    expect((await answer<UnitList>(served, `/api/runs/${id}/a/units`)).total).toBe(D_SAE);
    rmSync(join(path, STORE_FILE));
    expect((await refused(served, `/api/runs/${id}/a/units`)).status).toBe(409);
    cpSync(join(other, STORE_FILE), join(path, STORE_FILE));
    expect((await answer<UnitList>(served, `/api/runs/${id}/a/units`)).total).toBe(D_SAE);
  });

  test("lists are sorted, filtered and cut as asked", async () => {
    const { served, id } = wholeRun();
    const list = (query: string) => answer<UnitList>(served, `/api/runs/${id}/a/units?${query}`);
    const all = await list("");
    expect(all.total).toBe(D_SAE);
    expect(all.rows.map(({ index }) => index)).toEqual([...Array(D_SAE).keys()]);
    const top = await list("sort=max&descending=true&limit=2&offset=1");
    expect(top.total).toBe(D_SAE);
    expect(top.rows.map(({ index }) => index)).toEqual([D_SAE - 2, D_SAE - 3]);
    expect((await list("filter=dead")).rows.map(({ index }) => index)).toEqual([0]);
    expect((await list("minMax=30&filter=all&q=")).rows).toHaveLength(10);
    expect((await list("q=17")).rows[0]!.index).toBe(17);
    expect((await list("kind=neuron")).total).toBe(D_IN);
    await list(`q=${encodeURIComponent('"; DROP TABLE unit; -- <script>%_*"')}`);
  });

  test.each([
    "sort=size",
    "limit=-1",
    "limit=1e9",
    "offset=x",
    "kind=head",
    "minMax=much",
    "filter=some",
    "descending=1",
  ])("a list cannot be asked with %s", async (query) => {
    const { served, id } = wholeRun();
    const { status, error } = await refused(served, `/api/runs/${id}/a/units?${query}`);
    expect(status).toBe(400);
    expect(error).toContain(query.split("=")[0]);
  });

  test("a unit is whole, with tokens as text, whatever the text", async () => {
    const { served, id } = wholeRun();
    const texts: string[] = [];
    for (let index = 0; index < 9; index++) {
      const page = await answer<UnitPage>(served, `/api/runs/${id}/a/units/feature/${index}`);
      texts.push(...page.logits!.top.map(({ token }) => token));
      expect(page.row.index).toBe(index);
      expect(page.examples).toHaveLength(index === 0 ? 0 : 3);
      for (const { split, context } of page.examples) {
        const shown = page.contexts.filter((place) => place.split === split && place.context === context);
        expect(shown).toHaveLength(1);
        expect(shown[0]!.tokens).toHaveLength(24);
      }
      expect(page.nearest.decoder[0]!).toMatchObject({ index: index + 1, words: expect.any(String) });
      expect(page.proxies[0]!.specificity).toEqual([null, 0.5]);
      expect(page.ablations).toEqual([]);
    }
    expect(new Set(texts)).toEqual(new Set(HOSTILE));
    const neuron = await answer<UnitPage>(served, `/api/runs/${id}/a/units/neuron/3`);
    expect(neuron.alignment).toBeNull();
  });

  test.each([
    "feature/70",
    "feature/-1",
    "feature/1.5",
    "feature/x",
    "head/1",
    "feature/99999999999999999999",
  ])("there is no unit %s", async (unit) => {
    const { served, id } = wholeRun();
    expect((await refused(served, `/api/runs/${id}/a/units/${unit}`)).status).toBe(404);
  });

  test("no such run, no such dictionary", async () => {
    const { served, id } = wholeRun();
    for (const path of ["nothing/a/units", `${id}/c/units`, `${id}/c/map`, "nothing/curves", `${id}/a/b/c`]) {
      expect((await refused(served, `/api/runs/${path}`)).status).toBe(404);
    }
  });

  test("the map has the features that were laid out", async () => {
    const { served, id } = wholeRun();
    const map = await answer<{ index: number[]; x: number[] }>(served, `/api/runs/${id}/a/map`);
    expect(map.index).toHaveLength(D_SAE);
    expect(map.x[3]).toBe(3);
  });
});

test("nothing is written on GET, and a folder that may not be written can be read", async () => {
  const { served, path, id } = serving();
  const state = () =>
    readdirSync(path, { recursive: true, encoding: "utf8" })
      .sort()
      .map((name) => {
        const { mtimeMs, size } = statSync(join(path, name));
        return [name, mtimeMs, size];
      });
  const before = state();
  const paths = [
    "",
    `/${id}/curves`,
    `/${id}/quality`,
    `/${id}/a/units?q=a`,
    `/${id}/a/units/feature/3`,
    `/${id}/a/map`,
  ];
  for (const place of paths) await answer(served, `/api/runs${place}`);
  expect(state()).toEqual(before);
  chmodSync(path, 0o555);
  try {
    const second = serve([path]);
    open.push(second);
    for (const place of paths) await answer(second, `/api/runs${place}`);
    expect(state()).toEqual(before);
  } finally {
    chmodSync(path, 0o755);
  }
});
