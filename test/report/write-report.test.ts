import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeReport } from "../../src/report/write-report.ts";
import { fabricateInterpretation } from "../interpretation/fabricated-interpretation.ts";
import { type FabricatedRun, fabricateRun, GOOD } from "./fabricated-run.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "report-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function reportOf(run: FabricatedRun, name = "run") {
  const folder = join(root, name);
  fabricateRun(folder, run);
  return written(folder);
}

function written(folder: string) {
  const { report, plots } = writeReport(folder);
  const source = readFileSync(report, "utf8");
  const { document } = new JSDOM(source).window;
  const text = document.body.textContent!.replace(/\s+/g, " ");
  return { folder, source, document, text, plots };
}

describe("writeReport", () => {
  it("says what was run, with the numbers, their intervals, definitions and published values", () => {
    const { document, text } = reportOf({ saes: [GOOD] });
    expect(document.querySelector("h1")!.textContent!.replace(/\s+/g, " ")).toBe(
      "An 8× dictionary of 4,096 features for blocks.0.mlp.hook_post of one‑layer‑512, trained on 5.24 million tokens.",
    );
    expect(text).toContain("84.31 %");
    expect(text).toContain("83.95 – 84.67 %");
    expect(text).toContain("79 %, 94.5 % (Bricken 2023");
    expect(text).toContain("2.1 million held-out tokens");
    expect(text).toContain("--out 'runs/one layer'");
    expect(text).toContain("3 min 07 s");
    const terms = [...document.querySelectorAll(".numbers tbody th[scope=row]")];
    expect(terms.length).toBeGreaterThan(25);
    for (const term of terms) expect(term.querySelector(".tip")!.textContent!.length).toBeGreaterThan(15);
  });

  it("is one file that loads nothing and runs nothing", () => {
    const { source, document } = reportOf({ saes: [GOOD] });
    expect(document.querySelectorAll("script, link, img, iframe, object, embed").length).toBe(0);
    expect(source.replaceAll("http://www.w3.org/", "")).not.toMatch(/https?:|url\(|@import/);
    expect(source).toContain("default-src 'none'");
    expect(source).toContain("prefers-color-scheme:dark");
  });

  it("writes every plot as a well-formed SVG file in plain colours", () => {
    const { folder, plots } = reportOf({ saes: [GOOD] });
    const names = readdirSync(join(folder, "plots")).sort();
    expect(names).toEqual(plots.map((path) => path.split("/").at(-1)!).sort());
    expect(names).toEqual(
      expect.arrayContaining([
        "density.svg",
        "encoder-decoder-cosine.svg",
        "l0.svg",
        "losses.svg",
        "rare-decoder.svg",
        "rare-encoder.svg",
        "training-alive.svg",
        "training-l0.svg",
        "training-lambda.svg",
        "training-loss.svg",
        "training-mse.svg",
      ]),
    );
    for (const path of plots) {
      const svg = readFileSync(path, "utf8");
      const parsed = new JSDOM(svg, { contentType: "image/svg+xml" }).window.document.documentElement;
      expect(parsed.localName).toBe("svg");
      expect(svg).not.toMatch(/var\(|NaN|undefined/);
    }
  });

  it("gives the same bytes for the same run", () => {
    const { folder, source } = reportOf({ saes: [GOOD] });
    expect(written(folder).source).toBe(source);
  });

  it("compares several dictionaries first, then shows each", () => {
    const saes = [
      GOOD,
      { ...GOOD, name: "32x", dSae: 16_384, ultralow: 0.2 },
      { ...GOOD, name: "8x low", l0: 30 },
    ];
    const { document, text, plots, source } = reportOf({ saes, tokens: 4_194_304 });
    expect(text).toContain("3 dictionaries of 4,096 to 16,384 features");
    expect(document.querySelector("main > section h2")!.textContent).toBe("Dictionaries");
    expect(document.querySelectorAll(".comparison tbody tr").length).toBe(3);
    expect(document.querySelectorAll("h2.sae").length).toBe(3);
    expect(plots.map((path) => path.split("/").at(-1))).toContain("8x-low-density.svg");
    expect(plots.some((path) => path.endsWith("frontier.svg"))).toBe(true);
    expect(text).toContain("Not very sparse");
    expect(text).toContain("valley");
    expect(source.length).toBeLessThan(1_500_000);
  });

  it("shows a run that is going on, without evaluation, the last line of its log cut short", () => {
    const folder = join(root, "running");
    fabricateRun(folder, { saes: [GOOD], status: "running", evaluated: false });
    appendFileSync(join(folder, "metrics.jsonl"), `{"kind":"train","sae":"8x","st`);
    const { text, document } = written(folder);
    expect(text).toContain("still running");
    expect(text).toContain("The run is not finished");
    expect(text).toContain("Not evaluated");
    expect(text).not.toContain("Damaged metrics");
    expect(document.querySelectorAll("figure").length).toBe(6);
    expect(document.querySelectorAll(".tiles").length).toBe(0);
  });

  it("shows a run that failed before anything was trained, and counts damaged lines", () => {
    const folder = join(root, "failed");
    fabricateRun(folder, {
      saes: [],
      status: "failed",
      run: { error: "the disk is full", text: undefined, phases: undefined },
    });
    writeFileSync(join(folder, "metrics.jsonl"), "garbage\n{}\n");
    const { text } = written(folder);
    expect(text).toContain("No dictionary yet");
    expect(text).toContain("The disk is full.");
    expect(text).toContain("missing from the curves: 1.");
  });

  it("needs no more than run.json", () => {
    writeFileSync(join(root, "run.json"), "{}");
    expect(written(root).text).toContain("Nothing was trained");
  });

  it("shows a dictionary of which nothing fires", () => {
    const { text, plots } = reportOf({ saes: [{ ...GOOD, dead: 1, l0: 0, score: 0 }], tokens: 65_536 });
    expect(text).toContain("4,096 of 4,096");
    expect(text).toContain("Nearly silent");
    for (const path of plots) expect(readFileSync(path, "utf8")).not.toMatch(/NaN|undefined/);
  });

  it("escapes names, errors, commands and settings from the run directory", () => {
    const evil = `x" onmouseover="alert(1)"><img src=x onerror=alert(1)><svg onload=alert(2)>`;
    const { document, source } = reportOf({
      saes: [
        { ...GOOD, name: "<img onerror=alert(1)>" },
        { ...GOOD, name: "b" },
      ],
      status: "failed",
      run: {
        error: evil,
        command: evil,
        hook: evil,
        model: { name: evil, [evil]: evil },
        config: { [evil]: [evil] },
        text: { source: evil },
      },
    });
    expect(document.querySelectorAll("img, script").length).toBe(0);
    expect(document.querySelectorAll("[onmouseover], [onload], [onerror]").length).toBe(0);
    expect(source).toContain("&lt;img onerror=alert(1)&gt;");
  });

  it("refuses a folder that is no run directory, or a damaged one, naming the file", () => {
    expect(() => writeReport(root)).toThrow(/holds no run\.json/);
    writeFileSync(join(root, "run.json"), "{");
    expect(() => writeReport(root)).toThrow(/run\.json is not JSON/);
    writeFileSync(join(root, "run.json"), `{"status":"odd"}`);
    expect(() => writeReport(root)).toThrow(/run\.json is not the record of a run: status/);
    fabricateRun(root, { saes: [GOOD] });
    writeFileSync(join(root, "saes", "8x", "evaluation.json"), "{}");
    expect(() => writeReport(root)).toThrow(/evaluation\.json/);
  });
});

describe("the report of an interpretation", () => {
  function interpreted(over: Parameters<typeof fabricateInterpretation>[0] = {}, damaged = false) {
    const folder = join(root, "run");
    fabricateRun(folder, { saes: [GOOD] });
    const place = join(folder, "interpretation", GOOD.name);
    mkdirSync(place, { recursive: true });
    const interpretation = fabricateInterpretation({ sae: GOOD.name, features: 40, controls: 20, ...over });
    writeFileSync(join(place, `${interpretation.name}.json`), JSON.stringify(interpretation));
    if (damaged) writeFileSync(join(place, "damaged.json"), '{"format":1');
    return written(folder);
  }

  it("has the conclusion, every explainer beside every control, notes, cost and a figure", () => {
    const { document, text, folder } = interpreted();
    const section = [...document.querySelectorAll("section")].find(
      (one) => one.querySelector("h2")?.firstChild?.textContent === "Interpretability",
    )!;
    expect(section.querySelector(".conclusion")!.textContent).toContain("Features are more interpretable");
    const table = section.querySelector("table")!;
    const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent);
    expect(heads).toHaveLength(8);
    const rows = [...table.querySelectorAll("tbody tr:not(.group)")];
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(row.querySelectorAll("td")).toHaveLength(7);
    expect(text).toContain("trained on 1 million tokens");
    expect(text).toContain("no language model");
    expect(section.querySelector("figure svg")).not.toBeNull();
    expect(readdirSync(join(folder, "plots"))).toContain("scores.svg");
  });

  it("escapes what a model was called and what it says, and shows the newest of several", () => {
    const { text, document } = interpreted({
      model: "<script>alert(1)</script>",
      over: { conclusion: "<img src=x>", stopped: "the budget was spent" },
    });
    expect(document.querySelectorAll("script, img").length).toBe(0);
    expect(text).toContain("<script>alert(1)</script>");
    expect(text).toContain("It ended early: the budget was spent");
    expect(text).toContain("7.42 in the prices’ currency");
  });

  it("says which interpretation cannot be read, and shows the others", () => {
    const { text } = interpreted({}, true);
    expect(text).toContain("Unreadable interpretation");
    expect(text).toContain("damaged.json");
    expect(text).toContain("Features are more interpretable");
  });

  it("has no such section without one", () => {
    const { text } = reportOf({ saes: [GOOD] });
    expect(text).not.toContain("Interpretability");
  });
});
