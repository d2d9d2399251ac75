/** Versions that a result depends on, for the records of a run. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

function versionOf(manifest: string | URL): string {
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

export const versions = {
  monosemantic: versionOf(new URL("../package.json", import.meta.url)),
  onnxruntime: versionOf(require.resolve("onnxruntime-node/package.json")),
};
