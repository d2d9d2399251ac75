/** Studies for the tests on Slurm: small ones on the model that comes with the package, and what a test asks of them. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { Random } from "../../src/random.ts";
import { attemptPath, readAttempts } from "../../src/study/attempts/attempt-folder.ts";
import { newestCheckpoint } from "../../src/study/attempts/reached.ts";
import type { AttemptView, Ending, StudyState } from "../../src/study/state.ts";
import { StudyFolder } from "../../src/study/study-folder.ts";
import { HOME } from "../architecture/imports.ts";
import { records } from "../text/sentences.ts";
import type { Cluster } from "./clusters.ts";

const BASE = {
  model: join(HOME, "models", "one-layer"),
  hook: "blocks.0.mlp.hook_post",
  data: "./text.jsonl",
  context: 64,
  heldoutShare: 0.1,
  batch: 512,
  bufferMb: 8,
  evaluationTokens: "2k",
};

/** One group of two dictionaries, for everything that is disturbed. */
const PLAIN = {
  title: "Disturbed",
  base: { ...BASE, tokens: "16k" },
  grid: { expansion: [1, 2] },
  threads: 1,
  checkpointMinutes: 0.01,
};

/** Every stage, with arrays of several elements. */
const WIDE = {
  title: "Every stage",
  base: { ...BASE, expansion: 1 },
  grid: { tokens: ["5k", "10k"] },
  seeds: [0, 1],
  threads: 1,
  slices: 2,
  measure: {
    features: { featuresTokens: "3k", neurons: false, ablations: 0, map: false, proxies: [] },
    explain: { protocols: ["bricken-2023"], features: 2, explainTokens: "3k", controlUnits: 1 },
    compare: { tokens: "2k" },
  },
};

export function writeStudies(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "text.jsonl"), records(Random.of(7, "studies on Slurm"), 400));
  writeFileSync(join(folder, "plain.json"), JSON.stringify(PLAIN));
  writeFileSync(join(folder, "wide.json"), JSON.stringify(WIDE));
}

export const TRAIN = "train-g1";

export class Study {
  readonly cluster: Cluster;
  readonly path: string;

  constructor(cluster: Cluster, path: string) {
    this.cluster = cluster;
    this.path = path;
  }

  /** Gives a study to Slurm. */
  static async submit(
    cluster: Cluster,
    file: string,
    path: string,
    profile: Record<string, unknown>,
  ): Promise<Study> {
    const site = `${path}.profile.json`;
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(site, JSON.stringify({ memory: "1200M", ...profile }));
    const study = new Study(cluster, path);
    await study.does("sweep", file, "--engine", "slurm", "--profile", site, "--out", path, "--quiet");
    return study;
  }

  get folder(): StudyFolder {
    return StudyFolder.open(this.path);
  }

  attempts(part = TRAIN): AttemptView[] {
    return readAttempts(this.folder.attemptsFolder(part));
  }

  isDone(part = "report"): boolean {
    return this.folder.isDone(part);
  }

  /** A command of ours, which has to succeed. @returns what it printed */
  async does(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.cluster.monosemantic(...args);
    expect(code, `monosemantic ${args.join(" ")}: ${stdout}${stderr}`).toBe(0);
    return stdout;
  }

  async status(): Promise<StudyState> {
    return JSON.parse(await this.does("status", this.path, "--json")) as StudyState;
  }

  /** How the attempts at a part that have ended did so, as `status` says. */
  async endings(part = TRAIN): Promise<{ ending: Ending; sentence: string }[]> {
    const { parts } = await this.status();
    const { attempts } = parts.find((one) => one.part.name === part)!;
    return attempts.flatMap(({ outcome }) =>
      outcome === null ? [] : [{ ending: outcome.ending, sentence: outcome.sentence }],
    );
  }

  /** Waits until an attempt after the first `after` has a checkpoint to lose. */
  async training(after = 0): Promise<AttemptView> {
    let found: AttemptView | undefined;
    await until(`attempt ${after + 1} at ${this.path} trains`, () => {
      found = this.attempts().find(
        ({ record, outcome }) =>
          record.number > after && outcome === null && this.#checkpoint(record.number) > 0,
      );
      if (this.isDone(TRAIN)) throw new Error(`${this.path} was trained before it could be disturbed`);
      return found !== undefined;
    });
    return found!;
  }

  #checkpoint(attempt: number): number {
    const path = attemptPath(this.folder.attemptsFolder(TRAIN), attempt);
    return newestCheckpoint(join(path, "work", "checkpoint")) ?? 0;
  }

  async complete(): Promise<void> {
    await until(
      `${this.path} is complete`,
      () => this.isDone(),
      () => this.log(),
    );
  }

  /** Weights and evaluations of all that was trained, by name. */
  results(): Map<string, Buffer> {
    const found = new Map<string, Buffer>();
    for (const part of this.folder.plan.parts) {
      if (part.stage !== "train") continue;
      const saes = join(this.folder.result(part.name), "saes");
      for (const name of readdirSync(saes)) {
        found.set(name, readFileSync(join(saes, name, "sae_weights.safetensors")));
      }
    }
    return found;
  }

  /** For the message of a test that waited in vain. */
  log(): string {
    const logs = join(this.path, "slurm", "logs");
    const files = existsSync(logs) ? readdirSync(logs) : [];
    return files.map((name) => `== ${basename(name)}\n${readFileSync(join(logs, name), "utf8")}`).join("\n");
  }
}

/** All weights are those of the other study, bit for bit. */
export function expectSame(study: Study, other: Study): void {
  const [mine, theirs] = [study.results(), other.results()];
  expect([...mine.keys()]).toEqual([...theirs.keys()]);
  expect(mine.size).toBeGreaterThan(0);
  for (const [name, bytes] of mine) expect(bytes.equals(theirs.get(name)!), name).toBe(true);
}

/** A machine may be busy. */
export const PATIENCE = 1_200_000;

export async function until(what: string, come: () => boolean, say: () => string = () => ""): Promise<void> {
  const end = Date.now() + PATIENCE * 0.9;
  while (!come()) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}\n${say()}`);
    await sleep(150);
  }
}
