/**
 * Builds dist/: JavaScript and declarations from src/, for an installed package (Node strips no types under
 * node_modules). TypeScript rewrites the extensions of imports; what it leaves to this script are the worker files named
 * by `new URL("./worker.ts", import.meta.url)` and the files that are not TypeScript.
 */

import { execFileSync } from "node:child_process";
import { cpSync, globSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = join(home, "node_modules", "typescript", "bin", "tsc");

rmSync(join(home, "dist"), { recursive: true, force: true });
execFileSync(process.execPath, [tsc, "-p", join(home, "tsconfig.build.json")], { stdio: "inherit" });

for (const file of globSync("dist/**/*.js", { cwd: home })) {
  const path = join(home, file);
  const code = readFileSync(path, "utf8");
  const linked = code.replaceAll(
    /new URL\((["'])(\.[^"']*)\.ts\1,\s*import\.meta\.url\)/g,
    "new URL($1$2.js$1, import.meta.url)",
  );
  if (linked !== code) writeFileSync(path, linked);
}

for (const file of globSync("src/**/*", { cwd: home, exclude: (path) => path === "assembly" })) {
  if (file.endsWith(".ts") || !statSync(join(home, file)).isFile()) continue;
  cpSync(join(home, file), join(home, "dist", file.slice("src/".length)));
}
