/** The exported folder: what the page asks for lies where it looks, equal to what the server answers; nothing of others is touched. */

import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ExplanationPage, UnitList, UnitPage, UnitRow } from "../../src/explorer/api.ts";
import { exportHtml } from "../../src/explorer/export-html.ts";
import { exportNeuronpediaFolder } from "../../src/explorer/export-neuronpedia.ts";
import {
  CHUNK_FUNCTION,
  chunkValues,
  DATA_FOLDER,
  type PackedRows,
  packRows,
  staticPlace,
  unpackRow,
} from "../../src/explorer/static-data.ts";
import { monosemantic } from "../cli/processes.ts";
import { openStore, STORE_FILE } from "../../src/store/store.ts";
import { D_IN, D_SAE, exploredRun, HOSTILE } from "./explored-run.ts";
import { plantInterpretation } from "./planted-interpretation.ts";
import { serve, type Served } from "./served.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-export-"));
const run = join(folder, "a run, 100 %");
const out = join(folder, "out");
const id = encodeURIComponent("a run, 100 %");
let served: Served;

beforeAll(async () => {
  exploredRun(run);
  plantInterpretation(run);
  const store = openStore(join(run, STORE_FILE));
  store.addExplanation("a", "feature", 3, { text: "mine", author: "person" });
  store.putRating("a", {
    kind: "neuron",
    index: 3,
    interval: 10,
    rater: HOSTILE[0]!,
    interpretation: HOSTILE[1]!,
    confidence: 1,
    activations: 5,
    logits: 3,
    separation: null,
    specificity: 0,
  });
  store.close();
  served = serve([run]);
  await exportHtml({ run, folder: out });
});
afterAll(async () => {
  await served.close();
  rmSync(folder, { recursive: true });
});

/** As a browser does it: the chunk is a script. */
async function exported<T>(path: string): Promise<T> {
  const { file, key } = staticPlace(path)!;
  const calls: [string, string][] = [];
  const code = readFileSync(join(out, DATA_FOLDER, file), "utf8");
  runInNewContext(code, { [CHUNK_FUNCTION]: (name: string, packed: string) => calls.push([name, packed]) });
  expect(calls.map(([name]) => name)).toEqual([file]);
  return (await chunkValues(calls[0]![1]))[key] as T;
}

const answered = async (path: string) => (await served.get(path)).json();

describe("html", () => {
  test.each([
    "curves",
    "quality",
    "a/map",
    "a/units/feature/0",
    "a/units/feature/31",
    "a/units/feature/32",
    `a/units/feature/${D_SAE - 1}`,
    `a/units/neuron/${D_IN - 1}`,
    "a/interpretations",
    "a/ratings",
    "b/interpretations",
  ])("%s is what the server answers", async (path) => {
    const address = `/api/runs/${id}/${path}`;
    expect(await exported(address)).toEqual(await answered(address));
  });

  test("what stands for a unit has the text that it was scored on, other explanations have not", async () => {
    const { explanations } = (await answered(`/api/runs/${id}/a/units/feature/3`)) as UnitPage;
    expect(explanations.map(({ author }) => author)).toEqual(["person", "token-lookup", "rule"]);
    const [mine, chosen, other] = await Promise.all(
      explanations.map((one) => exported<ExplanationPage>(`/api/runs/${id}/a/explanations/${one.id}`)),
    );
    expect(chosen).toEqual(await answered(`/api/runs/${id}/a/explanations/${explanations[1]!.id}`));
    expect(chosen!.tasks).toHaveLength(4);
    expect([mine, other]).toEqual([undefined, undefined]);
  });

  test("nothing can be rated in it", () => {
    expect(staticPlace(`/api/runs/${id}/a/rating/next?rater=A`)).toBeNull();
  });

  test("the run is the same but for its experiments", async () => {
    const [run] = (await answered("/api/runs")) as object[];
    const live = { possible: false, reason: expect.stringMatching(/monosemantic explore/) };
    expect(await exported("/api/runs")).toEqual([{ ...run, live }]);
  });

  test("rows are those of the list, in one chunk", async () => {
    const packed = await exported<PackedRows>(`/api/runs/${id}/a/units?kind=feature&sort=max&q=x`);
    const { rows } = (await answered(`/api/runs/${id}/a/units?limit=1000`)) as UnitList;
    rows.forEach((row, i) => {
      const unpacked = unpackRow(packed, i);
      expect({ ...unpacked, density: 0, sparkline: [] }).toEqual({ ...row, density: 0, sparkline: [] });
      expect(unpacked.density).toBeCloseTo(row.density, 5);
    });
    expect((await exported<PackedRows>(`/api/runs/${id}/a/units?kind=neuron`)).index).toHaveLength(D_IN);
  });

  test("the page loads nothing but files beside it, and no hostile text is in any of them", () => {
    const page = readFileSync(join(out, "index.html"), "utf8");
    expect([...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address)).toEqual([
      "data:,",
      "./explorer.css",
      "./explorer.js",
    ]);
    expect(page).toContain('data-mode="export"');
    expect(page).toContain("<title>a run, 100 %");
    for (const file of globSync(`${out}/**/*.{html,js}`).filter((path) => !path.endsWith("explorer.js"))) {
      const text = readFileSync(file, "utf8");
      for (const hostile of HOSTILE.slice(0, 2)) expect(text).not.toContain(hostile);
    }
    expect(globSync(`${out}/**/*`).filter((path) => /[%?#]/.test(path.slice(out.length)))).toEqual([]);
  });

  test("an earlier export is replaced, anything else is left alone", async () => {
    writeFileSync(join(out, DATA_FOLDER, "old.js"), "");
    await exportHtml({ run, folder: out, saes: ["b"] });
    expect(existsSync(join(out, DATA_FOLDER, "old.js"))).toBe(false);
    expect(await exported<{ saes: { name: string }[] }[]>("/api/runs")).toMatchObject([
      { saes: [{ name: "b" }] },
    ]);
    await exportHtml({ run, folder: out });
    const mine = join(folder, "mine");
    mkdirSync(mine);
    writeFileSync(join(mine, "index.html"), "<h1>my page</h1>");
    await expect(exportHtml({ run, folder: mine })).rejects.toThrow(/not an empty folder/);
    expect(readdirSync(mine)).toEqual(["index.html"]);
    await expect(exportHtml({ run, folder: join(mine, "index.html") })).rejects.toThrow(/is a file/);
    await expect(exportHtml({ run, folder: out, saes: ["c"] })).rejects.toThrow(/no dictionary "c".*a, b/);
  });

  test("a run without an analysis can be exported: its curves are there", async () => {
    const bare = exploredRun(join(folder, "bare"), { analysed: false, finished: false });
    const exported = await exportHtml({ run: bare, folder: join(folder, "bare-out") });
    expect(exported.units).toBe(0);
    expect(existsSync(exported.index)).toBe(true);
  });

  test.each([STORE_FILE, "run.json"])(
    "a run whose %s is damaged is refused, not exported without it",
    async (file) => {
      const damaged = exploredRun(join(folder, `damaged ${file}`));
      writeFileSync(join(damaged, file), "x".repeat(5000));
      const out = join(folder, `out of damaged ${file}`);
      await expect(exportHtml({ run: damaged, folder: out })).rejects.toThrow(file);
      expect(existsSync(out)).toBe(false);
    },
  );
});

describe("the chunks", () => {
  test.each([
    ["/api/runs", "runs.js", ""],
    ["/api/runs/x/curves?after=5", "x/curves.js", ""],
    ["/api/runs/x/a/units?kind=neuron&q=1", "x/saes/a/neuron-rows.js", ""],
    ["/api/runs/x/a/units", "x/saes/a/feature-rows.js", ""],
    ["/api/runs/x/a/units/feature/64", "x/saes/a/feature-2.js", "64"],
    ["/api/runs/a%20b/%2E%2E/map", "a~20b/saes/~2E~2E/map.js", ""],
    ["/api/runs/..%2f..%2fetc/a/map", "~2E~2E/saes/~2E~2E/feature-rows.js", ""],
  ])("%s → %s", (path, file, key) => {
    if (path.includes("etc")) expect(staticPlace(path)!.file.split("/")).not.toContain("..");
    else expect(staticPlace(path)).toMatchObject({ file, key });
  });

  test.each(["/api", "/other", "/api/runs/x/a/text", "/api/runs/x/a/units/feature/x", "/api/runs/x/y"])(
    "%s is in none",
    (path) => expect(staticPlace(path)).toBeNull(),
  );

  test("rows are packed to five digits and counts to about a tenth, empty bins empty", () => {
    const row: UnitRow = {
      index: 3,
      density: 1 / 3,
      mean: 0.1234567,
      max: 12.3456789,
      singleToken: null,
      entropy: null,
      sparkline: [0, 1, 2, 10, 100, 1000, 123_456, 1_000_000, 0],
      tokens: ["a\\b", "\u2028"],
      logits: [],
      explanation: "<b>",
      score: -0.5,
    };
    const unpacked = unpackRow(packRows([row, { ...row, sparkline: [] }]), 0);
    expect({ ...unpacked, sparkline: [] }).toEqual({
      ...row,
      density: 0.33333,
      mean: 0.12346,
      max: 12.346,
      sparkline: [],
    });
    unpacked.sparkline.forEach((count, i) => {
      const exact = row.sparkline[i]!;
      expect(Math.abs(count - exact)).toBeLessThanOrEqual(Math.max(0.12 * exact, exact > 0 ? 1 : 0));
    });
  });
});

test("for Neuronpedia: both layouts, under names that follow from the run's", async () => {
  const place = join(folder, "np");
  const [exported] = await exportNeuronpediaFolder({ run, folder: place, creator: "me" });
  expect(exported).toMatchObject({ features: D_SAE, folder: join(place, "text", "1-a-run-100-__a") });
  expect(existsSync(join(exported!.folder, "source.jsonl"))).toBe(true);
  await expect(exportNeuronpediaFolder({ run, folder: place, creator: "me", saes: ["b"] })).rejects.toThrow(
    /no analysis of "b": it has a/,
  );
});

test("the command says what it wrote, and refuses to write nothing", async () => {
  const page = join(folder, "by-command");
  const done = await monosemantic("export", run, "--html", page, "--json", "--quiet");
  expect(done).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(done.stdout)).toMatchObject({
    html: { index: join(page, "index.html"), units: D_SAE + D_IN },
  });
  const none = await monosemantic("export", run);
  expect(none).toMatchObject({ code: 2 });
  expect(none.stderr).toMatch(/--html FOLDER, --neuronpedia FOLDER or --ratings FILE/);
  expect(await monosemantic("export", folder, "--html", join(folder, "x"))).toMatchObject({ code: 2 });
});
