/**
 * The explorer's page as two files, a script and a style sheet: bundled from `page/` at first use, kept in the checkout's
 * `build/` under a name that changes with their sources, and read from there afterwards. A published package has no sources
 * of the page and brings the two files in `page-assets/` beside this module.
 *
 * The script is one that any `<script>` can load (no module): a page opened from a folder may load no modules.
 */

import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";

const HERE = fileURLToPath(new URL("./", import.meta.url));
const SOURCES = join(HERE, "page");
/** Folder of the finished files in a package, beside this module. */
export const SHIPPED = "page-assets";
const BUILD = fileURLToPath(new URL("../../build/explorer/", import.meta.url));

/** What the page shares with the server and runs itself, relative to this folder; of everything else it imports types only. */
export const SHARED_WITH_PAGE = [
  "api.ts",
  "static-data.ts",
  "../features/records.ts",
  "../interpretation/endpoint/paid.ts",
  "../interpretation/ratings/rubric.ts",
  "../interpretation/result.ts",
  "../interpretation/scores/score.ts",
  "../report/format.ts",
  "../report/scores/compared-columns.ts",
  "../report/scores/score-bins.ts",
  "../report/scores/score-words.ts",
  "../statistics/factor.ts",
  "../statistics/pareto.ts",
  "../study/outcomes/outcome.ts",
  "../study/plan.ts",
  "../study/report/words.ts",
];

/** Says which version of a package is in the bundle, or makes it. */
const LOCK = fileURLToPath(new URL("../../package-lock.json", import.meta.url));

export const SCRIPT = "explorer.js";
export const STYLE = "explorer.css";

export interface PageAssets {
  /** Changes with their content. */
  readonly hash: string;
  readonly script: string;
  readonly style: string;
}

let loading: Promise<PageAssets> | undefined;

/**
 * The page's script and style sheet. The first call in a fresh checkout takes one or two seconds.
 * @throws Failure when there are neither sources nor finished files
 */
export function loadPage(): Promise<PageAssets> {
  loading ??= pageAssets();
  return loading;
}

async function pageAssets(): Promise<PageAssets> {
  if (!existsSync(SOURCES)) {
    const shipped = join(HERE, SHIPPED);
    if (!existsSync(join(shipped, STYLE))) {
      throw new Failure(
        `the package is incomplete: neither ${SOURCES} nor ${shipped} exists; install it again`,
      );
    }
    return readAssets(shipped);
  }
  const sources = hashOfSources();
  const folder = join(BUILD, sources);
  if (existsSync(join(folder, STYLE))) return readAssets(folder);
  const assets = await bundlePage();
  // Somebody may have saved a file meanwhile.
  if (hashOfSources() !== sources) return assets;
  try {
    // The style sheet is written last: where it is, the script is too.
    writeAtomic(join(folder, SCRIPT), assets.script);
    writeAtomic(join(folder, STYLE), assets.style);
  } catch {
    // A checkout that cannot be written bundles anew each time.
  }
  return assets;
}

/** Bundles the page from its sources, which a checkout has. */
export async function bundlePage(): Promise<PageAssets> {
  const { build } = await import("vite");
  const built = await build({
    configFile: false,
    envFile: false,
    publicDir: false,
    root: SOURCES,
    logLevel: "error",
    mode: "production",
    oxc: { jsx: { runtime: "automatic", importSource: "preact", development: false } },
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
    build: {
      write: false,
      target: "es2023",
      minify: true,
      cssCodeSplit: false,
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: join(SOURCES, "main.tsx"),
        output: { format: "iife", entryFileNames: SCRIPT, assetFileNames: "explorer.[ext]" },
      },
    },
  });
  const outputs = (Array.isArray(built) ? built : [built]).flatMap((one) =>
    "output" in one ? one.output : [],
  );
  let script = "";
  let style = "";
  for (const output of outputs) {
    if (output.type === "chunk") script += output.code;
    else if (output.fileName.endsWith(".css")) style += String(output.source);
    else throw new Error(`the page's bundle has a file that nobody serves: ${output.fileName}`);
  }
  return hashed(script, style);
}

function readAssets(folder: string): PageAssets {
  return hashed(readFileSync(join(folder, SCRIPT), "utf8"), readFileSync(join(folder, STYLE), "utf8"));
}

function hashed(script: string, style: string): PageAssets {
  return { hash: hashOf([script, style]), script, style };
}

function hashOfSources(): string {
  const own = globSync("page/**/*.{ts,tsx,css}", { cwd: HERE }).sort();
  return hashOf([
    readFileSync(join(HERE, "page-build.ts"), "utf8"),
    ...[...own, ...SHARED_WITH_PAGE].map((file) => [file, readFileSync(join(HERE, file), "utf8")]),
    existsSync(LOCK) ? readFileSync(LOCK, "utf8") : "",
  ]);
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
