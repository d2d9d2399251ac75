/**
 * What a study's parts were forecast to take beside what they took: three small studies, each part in a process of its own, as the
 * engines start them.
 *
 *     node bench/forecast.ts [--threads 2] [--only 1,2,3] [--out build/bench/forecast.json]
 *
 * Forecasts are of a machine that does nothing else. Where it does, parts take longer, and processor time says what they would have taken:
 * one to `--threads` times that. The machine is measured before each study, not taken from the cache. About eight minutes on two cores. The third study needs ../shared/models/gpt2-16m and is skipped without it.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { analysisOptions } from "../src/features/options.ts";
import { writeJson } from "../src/files/atomic.ts";
import { interpretationOptions } from "../src/interpretation/options.ts";
import { readConfig } from "../src/model/config.ts";
import type { SaeRequest } from "../src/sae/options.ts";
import { resolveOptions } from "../src/sae/presets.ts";
import { forecastParts } from "../src/study/forecast/forecast-parts.ts";
import { measureSpeed } from "../src/study/forecast/measure-speed.ts";
import { hookOf, parametersOf } from "../src/study/forecast/model-shape.ts";
import { completePlan, draftPlan } from "../src/study/make-plan.ts";
import type { Forecast, Measures, StreamRequest } from "../src/study/plan.ts";
import { planFile, StudyFolder } from "../src/study/study-folder.ts";
import type { TrialRequest } from "../src/study/study-request.ts";
import { workOn } from "../src/study/work/work.ts";
import { describeMachine } from "./machine.ts";

const HOME = fileURLToPath(new URL("..", import.meta.url));

interface SmallStudy {
  readonly title: string;
  readonly model: string;
  readonly hook: string;
  readonly evaluationTokens: number;
  readonly dictionaries: readonly SaeRequest[];
  readonly measures: Measures;
}

const MEASURES: Measures = {
  features: analysisOptions.parse({ featuresTokens: 400_000, neuronTokens: 100_000, ablations: 2 }),
  explain: {
    protocols: ["detection"],
    features: 128,
    sampling: "stratified",
    seed: 0,
    options: interpretationOptions.parse({ explainTokens: 300_000, controlUnits: 32 }),
  },
  compare: { tokens: 200_000, minActive: 10 },
  effects: null,
};

const STUDIES: readonly SmallStudy[] = [
  {
    title: "two seeds, ReLU with L1",
    model: join(HOME, "models/one-layer"),
    hook: "blocks.0.mlp.hook_post",
    evaluationTokens: 100_000,
    dictionaries: [0, 1].map((seed) => ({ expansion: 8, tokens: 1_000_000, seed })),
    measures: MEASURES,
  },
  {
    title: "TopK and JumpReLU on the residual stream",
    model: join(HOME, "models/one-layer"),
    hook: "blocks.0.hook_resid_post",
    evaluationTokens: 60_000,
    dictionaries: [
      { objective: "topk", k: 16, expansion: 16, tokens: 500_000 },
      { objective: "jumprelu", target_l0: 16, expansion: 16, tokens: 500_000 },
    ],
    measures: { ...MEASURES, explain: null },
  },
  {
    title: "a deeper model",
    model: join(HOME, "../shared/models/gpt2-16m"),
    hook: "blocks.2.mlp.hook_post",
    evaluationTokens: 30_000,
    dictionaries: [{ expansion: 4, tokens: 300_000 }],
    measures: {
      ...MEASURES,
      features: analysisOptions.parse({ featuresTokens: 150_000, neuronTokens: 30_000, ablations: 1 }),
      explain: null,
    },
  },
];

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: "string", default: "2" },
    only: { type: "string", default: "1,2,3" },
    out: { type: "string", default: "build/bench/forecast.json" },
  },
});

/** A part in this process, and the memory that it took. */
async function work(folder: string, part: string): Promise<void> {
  const { ending, sentence } = await workOn(StudyFolder.open(folder), part);
  if (ending !== "done") throw new Error(`${part}: ${sentence}`);
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  console.log(JSON.stringify({ memoryBytes: maxRSS * 1024, processor: (userCPUTime + systemCPUTime) / 1e6 }));
}

function trialsOf(study: SmallStudy): TrialRequest[] {
  const config = readConfig(study.model);
  const { dIn } = hookOf(config, study.hook);
  const stream: StreamRequest = {
    model: study.model,
    hook: study.hook,
    data: ["default"],
    heldoutShare: 0.05,
    bufferMb: 256,
    whenTextEnds: "epoch",
    evaluationTokens: study.evaluationTokens,
    evaluateAt: [],
    streamSeed: 0,
  };
  return study.dictionaries.map((dictionary, i) => ({
    label: `trial ${i + 1}`,
    dictionary,
    options: resolveOptions(dictionary, dIn),
    stream,
    config: { model: study.model, hook: study.hook, data: ["default"], ...dictionary },
    model: { bytes: 4 * parametersOf(config), tokenizer: study.model, dIn },
  }));
}

/** Bytes below a folder, each file once however many links it has in there. */
function bytesBelow(folder: string, seen = new Set<number>()): number {
  let sum = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) sum += bytesBelow(path, seen);
    else {
      const { ino, size, nlink } = statSync(path);
      if (nlink === 1 || !seen.has(ino)) sum += size;
      seen.add(ino);
    }
  }
  return sum;
}

interface PartResult {
  readonly study: string;
  readonly part: string;
  readonly forecast: Forecast;
  readonly took: Forecast;
  /** Seconds that it kept processors busy, which other work on the machine hardly changes. */
  readonly processor: number;
}

async function tryStudy(study: SmallStudy, threads: number): Promise<PartResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "monosemantic-forecast-"));
  try {
    const draft = draftPlan({
      title: study.title,
      question: null,
      threads,
      checkpointMinutes: 5,
      memoryBytes: 16e9,
      groupSize: null,
      slices: 1,
      measures: study.measures,
      declared: [...new Set(study.dictionaries.flatMap((dictionary) => Object.keys(dictionary)))],
      trials: trialsOf(study),
    });
    const forecasts = await forecastParts(draft, await measureSpeed(threads));
    const plan = completePlan(
      draft,
      draft.parts.map(({ name }) => forecasts.get(name)!),
    );
    writeJson(planFile(folder), plan);
    const seen = new Set<number>();
    const results: PartResult[] = [];
    for (const { name, forecast } of plan.parts) {
      const start = performance.now();
      const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), folder, name], {
        encoding: "utf8",
      });
      const seconds = (performance.now() - start) / 1000;
      if (child.status !== 0) throw new Error(`${name} failed: ${child.stderr}`);
      const line = child.stdout.trim().split("\n").at(-1)!;
      const { memoryBytes, processor } = JSON.parse(line) as { memoryBytes: number; processor: number };
      const took = { seconds, memoryBytes, diskBytes: bytesBelow(join(folder, "parts", name), seen) };
      results.push({ study: study.title, part: name, forecast, took, processor });
      print(name, forecast, took, processor);
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(name: string, forecast: Forecast, took: Forecast, processor: number): void {
  const pair = (of: (one: Forecast) => number, unit: string, digits: number) =>
    `${of(forecast).toFixed(digits)} / ${of(took).toFixed(digits)} ${unit} (${(of(forecast) / of(took)).toFixed(2)})`;
  console.log(
    `  ${name.padEnd(16)} ${pair(({ seconds }) => seconds, "s", 1).padEnd(26)} ` +
      `${pair(({ memoryBytes }) => memoryBytes / 2 ** 30, "GiB", 2).padEnd(26)} ${pair(({ diskBytes }) => diskBytes / 1e6, "MB", 1).padEnd(26)} ${processor.toFixed(1)} s`,
  );
}

async function main(): Promise<void> {
  const [folder, part] = positionals;
  if (folder !== undefined && part !== undefined) return work(folder, part);
  const machine = describeMachine();
  const results: PartResult[] = [];
  console.log(
    "forecast / real (ratio): seconds, memory at its highest, disk (of checkpoints nothing is left); processor time",
  );
  for (const number of flags.only.split(",").map(Number)) {
    const study = STUDIES[number - 1]!;
    if (!existsSync(study.model)) {
      console.log(`SKIPPED: ${study.title}: there is no ${study.model}`);
      continue;
    }
    console.log(`${study.title} (load ${describeMachine().loadBefore})`);
    results.push(...(await tryStudy(study, Number(flags.threads))));
  }
  writeJson(flags.out, {
    benchmark: "forecasts of a study's parts",
    measured: new Date().toISOString(),
    machine,
    results,
  });
}

await main();
