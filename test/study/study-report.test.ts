/** The report of a study: what was planted is found, within the intervals that are shown; whatever a study holds, the page stands. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { collectOutcomes } from "../../src/study/outcomes/collect.ts";
import { type Outcome, outcomeOf } from "../../src/study/outcomes/outcome.ts";
import { analyseStudy, type StudyAnalysis } from "../../src/study/report/analysis.ts";
import { studyCautions } from "../../src/study/report/cautions.ts";
import { studyFigures } from "../../src/study/report/figures.ts";
import { variationShares } from "../../src/study/report/plots/shares.ts";
import { studyPage } from "../../src/study/report/study-page.ts";
import { writeStudyReport } from "../../src/study/report/write-study-report.ts";
import { StudyFolder } from "../../src/study/study-folder.ts";
import { HOME } from "../architecture/imports.ts";
import { expectedScore, plantStudy, type PlantedStudy, TRUTH } from "./planted-study.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "monosemantic-study-report-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const SMALL: PlantedStudy = { expansions: [1, 2], lambdas: [1, 2], seeds: [0, 1] };

function analysed(planted: PlantedStudy = {}): StudyAnalysis {
  plantStudy(folder, planted);
  return analyseStudy(collectOutcomes(StudyFolder.open(folder)));
}

/** Of the whole grid, once for all tests that look at it. */
let whole: StudyAnalysis | undefined;
function wholeGrid(): StudyAnalysis {
  whole ??= analysed();
  return whole;
}

function effectOf({ populations }: StudyAnalysis, outcome: string, factor: string) {
  const effects = populations[0]!.effects.find(({ name }) => name === outcome)!;
  return effects.contrasts.find((contrast) => contrast.factor === factor)!.effect!;
}

function pageOf(planted: PlantedStudy): { page: string; document: Document } {
  plantStudy(folder, planted);
  const page = readFileSync(writeStudyReport(folder).report, "utf8");
  return { page, document: new JSDOM(page).window.document };
}

/** What only a mistake writes, in what is shown; attributes of drawings included. */
function brokenWords(document: Document): string[] {
  for (const script of document.querySelectorAll("script")) script.remove();
  return document.documentElement.outerHTML.match(/NaN|undefined|Infinity|\[object/g) ?? [];
}

/** Whether the interval holds the truth, and does so because it is narrow enough to say something. */
function expectWithin(interval: readonly [number, number] | null, truth: number, width: number): void {
  expect(interval![0]).toBeLessThan(truth);
  expect(interval![1]).toBeGreaterThan(truth);
  expect(interval![1] - interval![0]).toBeLessThan(width);
}

describe("what was planted is found", () => {
  test("effects per doubling, and none where there is none", () => {
    const analysis = wholeGrid();
    expectWithin(effectOf(analysis, "loss_recovered_zero", "expansion").interval, TRUTH.perDoubling, 0.006);
    expectWithin(effectOf(analysis, "loss_recovered_zero", "lambda").interval, TRUTH.perLambda, 0.008);
    expectWithin(effectOf(analysis, "l0", "lambda").interval, -0.8 * Math.LN2, 0.03);
    expectWithin(effectOf(analysis, "l0", "expansion").interval, 0, 0.03);
    expectWithin(effectOf(analysis, "score_bricken_2023", "lambda").interval, 0.05, 0.01);
  });

  test("partial dependence: means at every level, averaged over the other factor", () => {
    const { populations } = wholeGrid();
    const dependence = populations[0]!.dependences.find(
      ({ column, factor }) => column.definition.name === "loss_recovered_zero" && factor === "expansion",
    )!;
    for (const { level, low, high, trials } of dependence.levels) {
      expect(trials).toBe(6);
      expectWithin([low!, high!], expectedScore(Number(level), 2), 0.02);
    }
  });

  test("seeds and what the factors leave, apart from what the factors do", () => {
    const { populations, definitions } = wholeGrid();
    const [main] = populations;
    const effects = main!.effects.find(({ name }) => name === "loss_recovered_zero")!;
    const { parts } = variationShares(effects, definitions.get("loss_recovered_zero")!, 2);
    expect(parts.map(({ of }) => of)).toEqual(["expansion", "lambda", "combinations", "seeds"]);
    expect(parts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(parts[0]!.share).toBeGreaterThan(parts[1]!.share);
    expect(parts[3]!.share).toBeLessThan(0.05);
    const variation = main!.variations.find(({ name }) => name === "loss_recovered_zero")!;
    expect(variation.measurement).toBeCloseTo(0.002 / 1.96, 5);
    expect(variation.seeds!.interval![0]).toBeLessThan(Math.hypot(TRUTH.seedSpread, TRUTH.noise));
    expect(variation.seeds!.interval![1]).toBeGreaterThan(TRUTH.noise);
  });

  test("the law of the error over width", () => {
    const { populations } = wholeGrid();
    const scaling = populations[0]!.scalings.find(
      ({ variable, outcome }) => variable === "width" && outcome.name === "mse",
    )!;
    expect(scaling.laws.map(({ setting }) => setting)).toEqual(["lambda 1", "lambda 2", "lambda 4"]);
    for (const { law } of scaling.laws) {
      expectWithin(law.terms[0]!.exponent.interval as [number, number], TRUTH.exponent, 0.3);
      expectWithin(law.floor.interval as [number, number], TRUTH.floor, 2);
    }
  });

  test("fronts: only dictionaries of the widest kind lose nothing", () => {
    const { populations } = wholeGrid();
    const frontier = populations[0]!.frontiers.find(({ y }) => y.name === "loss_recovered_zero")!;
    expect(frontier.front.length).toBeGreaterThan(2);
    for (const { trial } of frontier.front) expect(trial).toMatch(/^x8-/);
  });

  test("rank correlations of outcomes: of opposite signs where λ moves both", () => {
    const { pairs } = wholeGrid().populations[0]!.correlations!;
    const pair = pairs.find(({ a, b }) => a === "l0" && b === "score_bricken_2023")!;
    expect(pair.rho).toBeLessThan(-0.8);
    expect(pair.high!).toBeLessThan(0);
    expect(pair).toMatchObject({ trials: 24, configurations: 12 });
  });

  test("controls stand apart, and do not enter the effects", () => {
    const analysis = analysed({ ...SMALL, lambdas: [1, 2, 4], shuffled: true });
    expect(analysis.populations.map(({ population }) => population.trials.length)).toEqual([8, 4]);
    expect(studyCautions(analysis).map(({ title }) => title)).toContain("Shuffled weights");
  });

  test("a model beside its shuffled weights: what was planted between them", () => {
    plantStudy(folder, { ...SMALL, lambdas: [1, 2, 4] });
    const study = collectOutcomes(StudyFolder.open(folder));
    const changed = (outcome: Outcome): Outcome => ({
      ...outcome,
      value:
        outcome.name === "l0"
          ? 2 * outcome.value
          : outcome.value - (outcome.name === "loss_recovered_zero" ? 0.1 : 0),
    });
    const shuffled = study.trials
      // One configuration has no control.
      .filter(({ factors }) => factors["lambda"] !== 4 || factors["expansion"] !== 1)
      .map((trial) => ({ ...trial, shuffled: true, outcomes: trial.outcomes.map(changed) }));
    const analysis = analyseStudy({ ...study, trials: [...study.trials, ...shuffled] });
    const control = (name: string) => analysis.controls.find((one) => one.name === name)!;

    const score = control("loss_recovered_zero");
    expect(score).toMatchObject({ pairs: 5, log: false });
    expect(score.difference.value).toBeCloseTo(0.1, 10);
    expect(score.trained - score.shuffled).toBeCloseTo(0.1, 10);
    const l0 = control("l0");
    expect(l0.log).toBe(true);
    expect(Math.exp(l0.difference.value)).toBeCloseTo(0.5, 10);
    expect(l0.trained / l0.shuffled).toBeCloseTo(0.5, 10);
    expect(control("explained_variance").difference).toEqual({ value: 0, interval: [0, 0] });
    expect(analyseStudy(study).controls).toEqual([]);

    const page = studyPage(analysis, studyFigures(analysis));
    const { document } = new JSDOM(page).window;
    const row = [...document.querySelectorAll("table.controls tr")].find((one) =>
      /loss recov/i.test(one.textContent),
    );
    expect(row!.textContent).toMatch(/\+10 pts/);
    const headings = (html: string) =>
      [...new JSDOM(html).window.document.querySelectorAll("h2.sae")].map((one) => one.textContent.trim());
    expect(headings(page)).toEqual(["Models as they are", "Models with shuffled weights", "All trials"]);
    const untrained = [...study.trials, ...shuffled].map((trial) => ({ ...trial, outcomes: [], curve: [] }));
    const early = analyseStudy({ ...study, trials: untrained, comparisons: [] });
    expect(headings(studyPage(early, studyFigures(early)))).toEqual(["All trials"]);
    const { textContent } = document.querySelector("table.controls")!.closest("section")!;
    expect(textContent).toMatch(/All controls share one shuffle/);
    expect(textContent).toMatch(/Faint: the interval holds no difference/);
    // What marks a difference is in the style of this table too.
    expect(page).toMatch(/(^|[\n,}])\.unsure\b/);
  });

  test("a range of many values is compared by its doublings, and drawn in parts", () => {
    const analysis = analysed({
      lambdas: [1, 1.3, 1.7, 2.2, 2.9, 3.8, 5, 6.5],
      expansions: [2],
      seeds: [0, 1, 2],
    });
    expectWithin(effectOf(analysis, "loss_recovered_zero", "lambda").interval, TRUTH.perLambda, 0.02);
    const [dependence] = analysis.populations[0]!.dependences;
    expect(dependence!.levels).toHaveLength(4);
  });
});

describe("cautions", () => {
  const titlesIn = (analysis: StudyAnalysis) => studyCautions(analysis).map(({ title }) => title);
  const titles = (planted: PlantedStudy) => titlesIn(analysed(planted));

  test.each([
    ["No repeats", { ...SMALL, seeds: [0] }],
    ["Few seeds", SMALL],
    ["Parts failed", { ...SMALL, failed: { "measure-g1": "the disk broke" } }],
    ["The study is not finished", { ...SMALL, until: "train" }],
    ["Few configurations", SMALL],
    ["Not at equal sparsity", { ...SMALL, lambdas: [1, 4] }],
  ] satisfies [string, PlantedStudy][])("%s", (title, planted) => {
    expect(titles(planted)).toContain(title);
  });

  test("Not one effect per doubling", () => {
    expect(titlesIn(wholeGrid())).toContain("Not one effect per doubling");
  });

  test("none of seeds where there are enough", () => {
    const found = titles({ ...SMALL, seeds: [0, 1, 2, 3] });
    expect(found).not.toContain("Few seeds");
    expect(found).not.toContain("No repeats");
  });
});

test("a part that is not in the plan is answered with those nearest to it", () => {
  plantStudy(folder, SMALL);
  expect(() => StudyFolder.open(folder).part("measure_g1")).toThrow(
    /has no part "measure_g1"; nearest: measure-g1/,
  );
});

describe("the page", () => {
  test("holds every section, links its data, and asks no network for anything", () => {
    const { page, document } = pageOf({ ...SMALL, expansions: [1, 2, 4, 8] });
    const sections = [...document.querySelectorAll("section > h2")].map((one) => one.firstChild!.textContent);
    expect(sections).toEqual([
      "Study",
      "Read with care",
      "Trials",
      "Effects",
      "Variation",
      "Fronts",
      "Dead features",
      "Scaling",
      "On the way",
      "Which outcomes go together",
      "Stability",
      "Time and memory",
      "Data",
      "Definitions",
    ]);
    for (const link of document.querySelectorAll("a")) {
      expect(existsSync(join(folder, link.getAttribute("href")!))).toBe(true);
    }
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
    const names = readdirSync(join(folder, "plots"));
    expect(names).toContain("effect-loss-recovered-zero-expansion.svg");
    expect(names.length).toBe(new Set(names).size);
    expect(document.querySelectorAll(".trials tbody tr")).toHaveLength(16);
    const embedded = JSON.parse(document.querySelector("#study")!.textContent!) as { trials: unknown[] };
    expect(embedded).toEqual(JSON.parse(readFileSync(join(folder, "trials.json"), "utf8")));
    expect(brokenWords(document)).toEqual([]);
  });

  test("a press on a heading sorts the trials", () => {
    plantStudy(folder, SMALL);
    const page = readFileSync(writeStudyReport(folder).report, "utf8");
    const { document } = new JSDOM(page, { runScripts: "dangerously" }).window;
    const heads = [...document.querySelectorAll(".trials thead th")];
    const at = heads.findIndex((head) => head.textContent!.startsWith("L0"));
    const values = () =>
      [...document.querySelectorAll<HTMLTableRowElement>(".trials tbody tr")].map((row) =>
        Number(row.cells[at]!.dataset["v"]),
      );
    heads[at]!.querySelector("button")!.click();
    expect(values()).toEqual([...values()].sort((a, b) => a - b));
    heads[at]!.querySelector("button")!.click();
    expect(values()).toEqual([...values()].sort((a, b) => b - a));
  });

  test("hostile names and words are text", () => {
    const evil = `<img src=x onerror=alert(1)>"'</script><script>alert(2)</script>`;
    const { document } = pageOf({
      ...SMALL,
      title: evil,
      question: evil,
      prefix: evil.replaceAll("/", "|"),
      until: "train",
      failed: { "train-g1": evil },
    });
    expect(document.querySelectorAll("img")).toHaveLength(0);
    expect([...document.querySelectorAll("script")].map((script) => script.type)).toEqual([
      "application/json",
      "",
    ]);
    expect(document.querySelector(".question")!.textContent).toBe(evil);
    expect(document.querySelector(".open .failed")!.textContent).toContain(evil);
  });

  test("an empty study", () => {
    const { document } = pageOf({ expansions: [], lambdas: [] });
    expect(document.querySelector("h1")!.textContent).toBe("A study without trials.");
  });

  test("nothing done yet", () => {
    const { document } = pageOf({ ...SMALL, until: "join" });
    expect(document.querySelector(".status")!.textContent).toBe("not complete");
    expect(document.querySelectorAll(".open tr").length).toBeGreaterThan(0);
    expect(document.querySelectorAll("figure")).toHaveLength(0);
  });

  test("one trial", () => {
    const { document } = pageOf({ expansions: [2], lambdas: [1], seeds: [0] });
    expect(document.querySelector("h1")!.textContent).toContain("One dictionary");
    expect(document.querySelector(".tile .value")!.textContent!.trim()).toMatch(/^7\d/);
    expect(brokenWords(document)).toEqual([]);
  });

  test("one failed: the others are there, and it says why", () => {
    const { document } = pageOf({ ...SMALL, failed: { "measure-g1": "the disk broke" } });
    expect(document.querySelector(".open .failed")!.textContent).toContain("the disk broke");
    const rows = [...document.querySelectorAll(".trials tbody tr")].map((row) => row.textContent!);
    expect(rows.filter((text) => text.includes("–")).length).toBeGreaterThanOrEqual(4);
  });

  test("`monosemantic report` knows a study when it sees one", () => {
    plantStudy(folder, { expansions: [2], lambdas: [1], seeds: [0] });
    const { status, stdout } = spawnSync(
      process.execPath,
      [join(HOME, "src/cli/main.ts"), "report", folder, "--json"],
      { encoding: "utf8" },
    );
    expect(status).toBe(0);
    const { report, files } = JSON.parse(stdout) as { report: string; files: string[] };
    expect(report).toBe(join(folder, "report.html"));
    for (const file of files) expect(existsSync(file)).toBe(true);
  });
});

test("outcomes of a trial stand in its row as they are in the data", () => {
  const { document } = pageOf({ expansions: [2], lambdas: [1], seeds: [0] });
  const study = collectOutcomes(StudyFolder.open(folder));
  const { value } = outcomeOf(study.trials[0]!, "dead_fraction")!;
  const cells = [...document.querySelectorAll<HTMLTableCellElement>(".trials tbody td")];
  expect(cells.map((cell) => cell.dataset["v"])).toContain(String(value));
});
