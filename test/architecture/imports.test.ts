/** The shape of the source tree: who may import whom, and the habits that keep a file readable. */

import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { SHARED_WITH_PAGE } from "../../src/explorer/page-build.ts";
import { HOME, importsOf, readSource, sourceFiles, targetOf } from "./imports.ts";
import manifest from "../../package.json" with { type: "json" };

/** Downward only: a folder imports itself and whatever stands before it. */
const ORDER = [
  "errors",
  "random",
  "statistics",
  "version",
  "engine/tensor",
  "files",
  "engine",
  "model",
  "text",
  "pretraining",
  "activations",
  "sae",
  "evaluation",
  "features",
  "experiments",
  "interpretation",
  "store",
  "report",
  "run",
  "study",
  "explorer",
  "index",
  "cli",
];

/** Where a checkout compiles or bundles with a development dependency; a package brings the result. */
const COMPILERS = new Map([
  ["src/sae/kernels.ts", "assemblyscript"],
  ["src/explorer/page-build.ts", "vite"],
]);

/** Runs in a browser. */
const PAGE = "src/explorer/page/";

const LONGEST_FILE = 450;

const src = sourceFiles("src").filter((path) => !path.includes("/assembly/"));

/** The folder below src, but for files that stand in ORDER by their own name. */
function layerOf(path: string): string {
  const name = path.replace(/^src\//, "").replace(/\.tsx?$/, "");
  return ORDER.includes(name) ? name : name.split("/")[0]!;
}

/** An operation's gradient is written in other operations, so these refer to each other by nature. */
const MUTUAL = "src/engine/operations/";

describe("imports are read correctly", () => {
  const code = `
    /** import { no } from "./comment.ts"; */
    import { a } from "./a.ts"; // import b from "./b.ts"
    import type { C,
      D } from "../c.ts";
    export type { T } from "./t.ts";
    import "side-effect";
    export { e } from "./e.ts";
    const f = await import("./f.ts");
    const g = new Worker(new URL("./g.ts", import.meta.url));
    const k = new URL(\`./k\${extname(import.meta.url)}\`, import.meta.url);
    const h = "https://example.org"; import { i } from "i";
    const j = \`new URL("\${h}", base)\`;
  `;
  test("every form, none from a comment", () => {
    expect(
      importsOf(code)
        .map(({ specifier }) => specifier)
        .sort(),
    ).toEqual(
      ["../c.ts", "./a.ts", "./e.ts", "./f.ts", "./g.ts", "./k.ts", "./t.ts", "i", "side-effect"].sort(),
    );
    const specifiers = (which: "byUrl" | "typesOnly") =>
      importsOf(code)
        .filter((found) => found[which])
        .map(({ specifier }) => specifier);
    expect(specifiers("byUrl")).toEqual(["./g.ts", "./k.ts"]);
    expect(specifiers("typesOnly")).toEqual(["../c.ts", "./t.ts"]);
  });
});

describe("src", () => {
  test("has files in known folders only", () => {
    expect(src.length).toBeGreaterThan(0);
    expect(src.filter((path) => !ORDER.includes(layerOf(path)))).toEqual([]);
  });

  test("imports go downward", () => {
    const upward: string[] = [];
    for (const path of src) {
      for (const { specifier } of importsOf(readSource(path))) {
        const target = targetOf(path, specifier);
        if (target === undefined || !target.startsWith("src/")) continue;
        if (ORDER.indexOf(layerOf(target)) > ORDER.indexOf(layerOf(path))) upward.push(`${path} → ${target}`);
      }
    }
    expect(upward).toEqual([]);
  });

  test("every relative import names a file that exists", () => {
    const missing: string[] = [];
    for (const path of src) {
      for (const { specifier, byUrl } of importsOf(readSource(path))) {
        const target = targetOf(path, specifier);
        const isMadeLater = byUrl && !specifier.endsWith(".ts");
        if (target !== undefined && !isMadeLater && !existsSync(join(HOME, target)))
          missing.push(`${path} → ${specifier}`);
      }
    }
    expect(missing).toEqual([]);
  });

  test("no file imports itself by way of others", () => {
    expect(firstCycle(src)).toBeUndefined();
  });

  test("workers are named so that the built package finds them", () => {
    const fixed = src.filter((path) => /new URL\(\s*["'][^"']+\.ts["']/.test(readSource(path)));
    expect(fixed).toEqual([]);
  });

  test("packages are runtime dependencies, built-ins carry node:", () => {
    const runtime = new Set(Object.keys(manifest.dependencies));
    const wrong: string[] = [];
    for (const path of src) {
      for (const { specifier } of importsOf(readSource(path))) {
        if (specifier.startsWith(".") || specifier.startsWith("node:")) continue;
        const name = specifier
          .split("/")
          .slice(0, specifier.startsWith("@") ? 2 : 1)
          .join("/");
        if (COMPILERS.get(path) === name) continue;
        if (!runtime.has(name)) wrong.push(`${path} → ${specifier}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe("the explorer's page", () => {
  test("runs nothing of the rest but what it shares with the server, which runs nothing of the rest either", () => {
    const shared = SHARED_WITH_PAGE.map((file) => targetOf("src/explorer/page-build.ts", `./${file}`)!);
    const wrong: string[] = [];
    for (const path of [...src.filter((file) => file.startsWith(PAGE)), ...shared]) {
      for (const { specifier, typesOnly } of importsOf(readSource(path))) {
        const target = targetOf(path, specifier);
        const isOfPage = target?.startsWith(PAGE) === true || /^(@?preact)(\/|$)/.test(specifier);
        if (typesOnly || isOfPage || (target !== undefined && shared.includes(target))) continue;
        wrong.push(`${path} → ${specifier}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("is imported by nothing outside", () => {
    const importers = src
      .filter((path) => !path.startsWith(PAGE))
      .filter((path) =>
        importsOf(readSource(path)).some(({ specifier }) => targetOf(path, specifier)?.startsWith(PAGE)),
      );
    expect(importers).toEqual([]);
  });
});

describe("every file", () => {
  const files = [...src, ...["test", "bench", "scripts"].flatMap((folder) => sourceFiles(folder))];

  test(`has at most ${LONGEST_FILE} lines`, () => {
    const long = files.filter((path) => readSource(path).split("\n").length - 1 > LONGEST_FILE);
    expect(long).toEqual([]);
  });

  test("is named after the concept it holds", () => {
    const vague = /(^|[-_/])(utils?|helpers?|common|misc|stuff)([-_./]|$)/i;
    expect(files.filter((path) => vague.test(path))).toEqual([]);
  });

  test("is no barrel, but the library's own entry", () => {
    expect(files.filter((path) => basename(path) === "index.ts" && path !== "src/index.ts")).toEqual([]);
  });

  test("of the product says first what it is", () => {
    expect(
      files
        .filter((path) => !path.startsWith("test/"))
        .filter((path) => !/^(#!.*\n)?\/\*\*/.test(readSource(path))),
    ).toEqual([]);
  });
});

/** The first circle of imports as "a → b → a". Workers named by URL start on their own and close no circle. */
function firstCycle(files: readonly string[]): string | undefined {
  const edges = new Map(
    files.map((path) => [
      path,
      importsOf(readSource(path))
        .filter(({ byUrl }) => !byUrl)
        .map(({ specifier }) => targetOf(path, specifier))
        .filter((target) => target !== undefined)
        .filter((target) => !(path.startsWith(MUTUAL) && target.startsWith(MUTUAL))),
    ]),
  );
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): string | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path].join(" → ");
    if (done.has(path)) return undefined;
    for (const target of edges.get(path) ?? []) {
      const cycle = visit(target, [...trail, path]);
      if (cycle !== undefined) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const path of files) {
    const cycle = visit(path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
