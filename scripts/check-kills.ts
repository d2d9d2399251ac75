/**
 * Kills runs with `kill -9` at random moments, resumes them until they are done, and compares what they made with a run
 * that was left alone: weights, configurations, evaluations, byte for byte.
 *
 *     node scripts/check-kills.ts [--times 30] [--seed 0]
 *
 * Every kill aims at one kind of moment in turn (tokenising, anywhere, training, the writing of a checkpoint, evaluating)
 * and strikes at a random time within it; what it really hit is read off the run's own words and its folder. Exit code 1
 * on any difference.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Random } from "../src/random.ts";

const { values: flags } = parseArgs({
  options: {
    times: { type: "string", default: "30" },
    seed: { type: "string", default: "0" },
  },
});
const times = Number(flags.times);
const random = Random.of(Number(flags.seed), "kills");
const home = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "monosemantic-kills-"));

const PHASES = ["loading the model", "tokenising the text", "training", "evaluating"] as const;
const AIMS = ["tokenising the text", "anywhere", "training", "writing a checkpoint", "evaluating"] as const;

const SAES = ["x1", "x2"];
/** Some sixty steps, with a checkpoint of 19 MB about every second. */
const FLAGS = {
  model: join(home, "models/one-layer"),
  data: writeText(join(folder, "text.jsonl")),
  hook: "blocks.0.mlp.hook_post",
  context: "64",
  "heldout-share": "0.1",
  tokens: "60k",
  batch: "1024",
  expansion: "1,2",
  "buffer-mb": "64",
  "evaluation-tokens": "4k",
  "checkpoint-minutes": "0.01",
};

console.log(`a run that is left alone, in ${folder}`);
const alone = join(folder, "alone");
const usual = await finish(alone);
console.log(`  ${PHASES.map((name) => `${name} ${usual[name]!.toFixed(1)} s`).join(", ")}`);

const struck = new Map<string, number>();
let kills = 0;
let runs = 0;
const differences: string[] = [];
while (kills < times) {
  const out = join(folder, `run-${++runs}`);
  // A run that has come to its evaluation has nothing before it left to be hit.
  for (let hit: string | undefined; kills < times && !(hit && isLate(hit));) {
    const started = performance.now();
    hit = await killed(out, AIMS[kills % AIMS.length]!);
    if (hit === undefined) break;
    struck.set(hit, (struck.get(hit) ?? 0) + 1);
    const seconds = (performance.now() - started) / 1000;
    console.log(`kill ${++kills}: run ${runs}, ${seconds.toFixed(2)} s after its start, ${hit}`);
  }
  await finish(out);
  const different = differing(out);
  differences.push(...different);
  console.log(
    `run ${runs}: ${different.length === 0 ? "the same bytes" : `DIFFERS in ${different.join(", ")}`}`,
  );
  if (different.length === 0) rmSync(out, { recursive: true });
}

const counts = [...struck].map(([what, count]) => `${count} ${what}`).join(", ");
console.log(`${kills} kills in ${runs} runs (${counts})`);
if (differences.length === 0) {
  console.log("every run ended with the bytes of the one that was left alone");
  rmSync(folder, { recursive: true });
} else {
  console.log(`${differences.length} differences; everything is still in ${folder}`);
  process.exitCode = 1;
}

/** A run under way: the phase it is in, and when each phase began and ended, in seconds since its start. */
interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly lengths: Record<string, number>;
  phase: number;
  stderr: string;
}

function start(out: string): Running {
  const resume = existsSync(join(out, "run.json")) ? ["--resume"] : [];
  const words = Object.entries({ ...FLAGS, out }).flatMap(([flag, value]) => [`--${flag}`, value]);
  const child = spawn(process.execPath, [join(home, "bin/monosemantic.js"), "run", ...words, ...resume], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let began = performance.now();
  const running: Running = {
    child,
    ended: new Promise((resolve) => child.on("close", resolve)),
    lengths: {},
    phase: 0,
    stderr: "",
  };
  child.stderr!.on("data", (chunk) => {
    running.stderr += chunk;
    for (let name; (name = PHASES[running.phase]) && running.stderr.includes(`${name}: done`);) {
      running.lengths[name] = (performance.now() - began) / 1000;
      began = performance.now();
      running.phase++;
    }
  });
  return running;
}

function isLate(hit: string): boolean {
  return hit === "evaluating" || hit === "writing the report";
}

/** Starts or resumes the run and kills it. @returns what it was doing; undefined when it had ended before */
async function killed(out: string, aim: (typeof AIMS)[number]): Promise<string | undefined> {
  if (isComplete(out)) return undefined;
  const running = start(out);
  let hasEnded = false;
  void running.ended.then(() => (hasEnded = true));
  const until = async (moment: () => boolean) => {
    while (!hasEnded && !moment()) await sleep(1);
  };
  let within = 0;
  if (aim === "writing a checkpoint") {
    await until(() => unfinished(out));
    within = 0.05;
  } else if (aim === "anywhere") {
    within = Object.values(usual).reduce((sum, seconds) => sum + seconds, 0);
  } else {
    await until(() => running.phase >= PHASES.indexOf(aim));
    within = usual[aim]!;
  }
  const strike = performance.now() + random.uniform() * within * 1000;
  await until(() => performance.now() >= strike);
  running.child.kill("SIGKILL");
  const code = await running.ended;
  if (code !== null && code !== 0) stop(`a run ended by itself with code ${code}: ${running.stderr}`);
  if (code === 0) return undefined;
  return unfinished(out) ? "writing a checkpoint" : (PHASES[running.phase] ?? "writing the report");
}

/** Starts or resumes the run and lets it end. @returns seconds of each phase */
async function finish(out: string): Promise<Record<string, number>> {
  if (isComplete(out)) return {};
  const running = start(out);
  const code = await running.ended;
  if (code !== 0) stop(`a run ended with code ${code}: ${running.stderr}`);
  return running.lengths;
}

function isComplete(out: string): boolean {
  const path = join(out, "run.json");
  return existsSync(path) && JSON.parse(readFileSync(path, "utf8")).status === "complete";
}

/** Whether a checkpoint is there whose last file is not. */
function unfinished(out: string): boolean {
  const place = join(out, "checkpoint");
  if (!existsSync(place)) return false;
  return readdirSync(place).some((step) => !existsSync(join(place, step, "state.json")));
}

/** Files that are not those of the run that was left alone. */
function differing(out: string): string[] {
  const differs = (file: string, read: (path: string) => Buffer) =>
    !existsSync(join(out, file)) || !read(join(out, file)).equals(read(join(alone, file)));
  const exact = SAES.flatMap((name) =>
    ["sae_weights.safetensors", "cfg.json", "features.safetensors"].map((file) => join("saes", name, file)),
  ).concat(readdirSync(join(alone, "tokens")).map((name) => join("tokens", name)));
  // Times differ, and everything else may not.
  const timed = [...SAES.map((name) => join("saes", name, "evaluation.json")), "metrics.jsonl"];
  const left = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.tmp$|^lock\.json|^checkpoint/.test(name),
  );
  return [
    ...exact.filter((file) => differs(file, (path) => readFileSync(path))),
    ...timed.filter((file) => differs(file, (path) => withoutTimes(path))),
    ...left.map((name) => `${name} (left behind)`),
  ];
}

function withoutTimes(path: string): Buffer {
  const text = readFileSync(path, "utf8");
  return Buffer.from(text.replaceAll(/"(seconds|tokens_per_second)": ?[^,}\n]*/g, ""));
}

/** 4,000 documents of the words of this project's own documentation. */
function writeText(path: string): string {
  const words = readFileSync(join(home, "ARCHITECTURE.md"), "utf8").split(/\s+/);
  const document = (id: number) =>
    `${id} ${Array.from({ length: 120 }, () => words[random.integer(words.length)]).join(" ")}`;
  const lines = Array.from({ length: 4000 }, (_, id) => JSON.stringify({ text: document(id) }) + "\n");
  writeFileSync(path, lines.join(""));
  return path;
}

function stop(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
