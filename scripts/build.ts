/**
 * Builds dist/: JavaScript and declarations from src/, for an installed package: Node strips no types under
 * node_modules, and no compiler for the kernels is installed there.
 */

import { execFileSync } from "node:child_process";
import { cpSync, globSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileKernels } from "../src/sae/kernels.ts";

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = join(home, "node_modules", "typescript", "bin", "tsc");

rmSync(join(home, "dist"), { recursive: true, force: true });
execFileSync(process.execPath, [tsc, "-p", join(home, "tsconfig.build.json")], { stdio: "inherit" });

for (const file of globSync("src/**/*", { cwd: home, exclude: (path) => path === "assembly" })) {
  if (file.endsWith(".ts") || !statSync(join(home, file)).isFile()) continue;
  cpSync(join(home, file), join(home, "dist", file.slice("src/".length)));
}

writeFileSync(join(home, "dist", "sae", "kernels.wasm"), await compileKernels());
