/**
 * Builds dist/: JavaScript and declarations from src/, for an installed package: Node strips no types under
 * node_modules, and neither a compiler for the kernels nor a bundler for the explorer's page is installed there.
 */

import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundlePage, SCRIPT, SHIPPED, STYLE } from "../src/explorer/page-build.ts";
import { compileKernels } from "../src/sae/kernels.ts";

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = join(home, "node_modules", "typescript", "bin", "tsc");

rmSync(join(home, "dist"), { recursive: true, force: true });
execFileSync(process.execPath, [tsc, "-p", join(home, "tsconfig.build.json")], { stdio: "inherit" });

for (const file of globSync("src/**/*", { cwd: home, exclude: (path) => path === "assembly" })) {
  if (/\.tsx?$/.test(file) || file.startsWith("src/explorer/page/") || !statSync(join(home, file)).isFile())
    continue;
  cpSync(join(home, file), join(home, "dist", file.slice("src/".length)));
}

writeFileSync(join(home, "dist", "sae", "kernels.wasm"), await compileKernels());

const page = await bundlePage();
const assets = join(home, "dist", "explorer", SHIPPED);
mkdirSync(assets, { recursive: true });
writeFileSync(join(assets, SCRIPT), page.script);
writeFileSync(join(assets, STYLE), page.style);
