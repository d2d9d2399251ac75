import { expect, test } from "vitest";
import { ScreenProgress } from "../../src/cli/progress.ts";
import { freshRunFolder, runHooks } from "../../src/cli/run-progress.ts";

test("a run that names no folder gets one after its recipe and the time", () => {
  const now = new Date("2026-01-31T14:25:01.500Z");
  expect(freshRunFolder({ configName: "one-layer-8x" }, now)).toBe("runs/one-layer-8x-20260131-142501");
  expect(freshRunFolder({ configName: undefined }, now)).toBe("runs/run-20260131-142501");
});

test("phases and notes of a run, in order, each phase ended once", () => {
  const written: string[] = [];
  let now = 0;
  const screen = { write: (text: string) => written.push(text) };
  const context = {
    signal: new AbortController().signal,
    progress: new ScreenProgress(screen, () => now),
    config: {},
    announce: () => {},
    commandLine: [],
    configName: undefined,
  };
  const hooks = runHooks(context);
  hooks.onPhase!("tokenise", 100, "tokens");
  now = 6000;
  hooks.onProgress!(60);
  hooks.onNote!("λ 5 = Λ 5");
  hooks.onPhase!("train", 10);
  hooks.onProgress!(10, "loss 1");
  now = 8000;
  hooks.endPhase();
  expect(written).toEqual([
    "tokenise: 60 %, 60/100 tokens, 10 tokens/s, 4.0 s left\n",
    "λ 5 = Λ 5\n",
    "tokenise: done 60 tokens, in 6.0 s, 10 tokens/s\n",
    "train: done 10, in 2.0 s, 5/s, loss 1\n",
  ]);
});
