/** A process that tokenises and kills itself without warning at its `killAt`-th batch of progress. */

import { loadTokenizer } from "../../src/model/tokenizer.ts";
import { tokenizeCorpus } from "../../src/text/tokenize.ts";

const [model, sources, folder, killAt, options] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
let batches = 0;

await tokenizeCorpus({
  sources,
  folder,
  tokenizer: loadTokenizer(model),
  ...(JSON.parse(options) as { context: number }),
  onProgress: () => {
    if (++batches === Number(killAt)) process.kill(process.pid, "SIGKILL");
  },
});
