/**
 * Reads what every source file imports: static, dynamic and re-exported modules, and the worker files and assets that are
 * named by `new URL("./x.ts", import.meta.url)`. Comments are taken out first, so an example in one is no import.
 */

import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const HOME = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");

export interface Import {
  /** As written: `"../errors.ts"`, `"node:fs"`, `"zod"`. */
  readonly specifier: string;
  /** A file started on its own (a worker) or read (an asset), not loaded together with the importing one. */
  readonly byUrl: boolean;
  /** `import type`: nothing is left of it when the program runs. */
  readonly typesOnly: boolean;
}

/** TypeScript files (also with JSX) below `folder`, as paths from the package's root with forward slashes, sorted. */
export function sourceFiles(folder: string): string[] {
  return globSync(`${folder}/**/*.{ts,tsx}`, { cwd: HOME })
    .map((path) => path.split(sep).join("/"))
    .sort();
}

export function readSource(path: string): string {
  return readFileSync(join(HOME, path), "utf8");
}

/** A worker file whose extension is the importing file's own: .ts in a checkout, .js in the built package. */
const SIBLING_WORKER =
  /\bnew URL\(\s*`(\.[^`$]+)\$\{extname\(import\.meta\.url\)\}`\s*,\s*import\.meta\.url/g;

export function importsOf(code: string): Import[] {
  const bare = withoutComments(code);
  const imports: Import[] = [];
  const collect = (pattern: RegExp, byUrl: boolean) => {
    for (const match of bare.matchAll(pattern)) {
      const typesOnly = /^;?\s*(?:import|export)\s+type\b/.test(match[0]);
      imports.push({ specifier: match[1]!, byUrl, typesOnly });
    }
  };
  collect(/(?:^|;)\s*(?:import|export)\b[^"';]*?\bfrom\s*["']([^"']+)["']/gm, false);
  collect(/(?:^|;)\s*import\s*["']([^"']+)["']/gm, false);
  collect(/\bimport\(\s*["']([^"']+)["']\s*\)/g, false);
  collect(/\bnew URL\(\s*["'](\.[^"']+)["']\s*,\s*import\.meta\.url/g, true);
  for (const match of bare.matchAll(SIBLING_WORKER))
    imports.push({ specifier: `${match[1]}.ts`, byUrl: true, typesOnly: false });
  return imports;
}

/** The imported file as a path from the package's root, or undefined for a package or a built-in module. */
export function targetOf(importer: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return relative(HOME, resolve(HOME, dirname(importer), specifier))
    .split(sep)
    .join("/");
}

/** Comments become spaces; strings are kept, because the specifiers are strings. */
function withoutComments(code: string): string {
  return code.replaceAll(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_, text: string | undefined) => text ?? " ",
  );
}
