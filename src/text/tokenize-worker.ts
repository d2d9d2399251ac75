/** The worker thread of tokenising: texts in, token ids out. It has its own copy of the tokenizer. */

import { parentPort, workerData } from "node:worker_threads";
import { Tokenizer, type TokenizerFiles } from "../model/tokenizer.ts";
import { type EncodedTexts, encodeTexts } from "./encoded-texts.ts";

const tokenizer = new Tokenizer(workerData as TokenizerFiles);

parentPort!.on("message", (texts: string[]) => {
  const encoded: EncodedTexts = encodeTexts(tokenizer, texts);
  parentPort!.postMessage(encoded, [encoded.ids.buffer, encoded.ends.buffer]);
});
