/**
 * What happens to a run when the machine fails it: killed at any moment, a full or read-only disk, damaged checkpoints, a
 * learning rate that blows it up. Whatever it was, the work up to the last checkpoint is there, and resuming gives the
 * bits of a run that was left alone.
 */

import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSafetensors } from "../../src/files/safetensors.ts";
import { Random } from "../../src/random.ts";
import { LAUNCHER, monosemantic, start } from "../cli/processes.ts";
import { records } from "../text/sentences.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-faults-"));
const random = Random.of(7, "faults");

const data = join(folder, "text.jsonl");
writeFileSync(data, records(random, 200));

/** 78 steps for two dictionaries, with a checkpoint of 420 kB after each. */
const FLAGS = {
  model: "test/fixtures/models/text",
  data,
  hook: "blocks.1.hook_resid_pre",
  context: "24",
  "heldout-share": "0.2",
  tokens: "20k",
  batch: "256",
  expansion: "2,64",
  "evaluation-tokens": "5k",
  "checkpoint-minutes": "1e-6",
  threads: "1",
};
/** Checkpoints at the end alone. */
const SPARING = { "checkpoint-minutes": "60" };
const command = (out: string, more: Record<string, string> = {}) => [
  "run",
  ...Object.entries({ ...FLAGS, ...more, out }).flatMap(([flag, value]) => [`--${flag}`, value]),
];
const resume = (out: string, more: Record<string, string> = {}) =>
  monosemantic(...command(out, { ...SPARING, ...more }), "--resume");

const record = (out: string) => JSON.parse(readFileSync(join(out, "run.json"), "utf8"));
const weights = (out: string) =>
  ["x2", "x64"].map((name) => readFileSync(join(out, "saes", name, "sae_weights.safetensors")));

/** Steps of the finished checkpoints, oldest first. */
function checkpoints(out: string): number[] {
  const place = join(out, "checkpoint");
  const names = existsSync(place) ? readdirSync(place) : [];
  return names
    .filter((name) => existsSync(join(place, name, "state.json")))
    .map(Number)
    .sort((a, b) => a - b);
}
const newest = (out: string) => join(out, "checkpoint", String(checkpoints(out).at(-1)).padStart(8, "0"));

/** Starts or resumes a run and kills it within 20 ms after `moment` has come. */
async function killed(args: readonly string[], moment: () => boolean): Promise<void> {
  const { child, finished } = start(process.execPath, [LAUNCHER, ...args, "--quiet"]);
  let ended = false;
  void finished.then(() => (ended = true));
  while (!ended && !moment()) await sleep(2);
  await sleep(random.integer(20));
  child.kill("SIGKILL");
  await finished;
}

/** One sentence, no stack. */
function expectSentence({ code, stderr }: { code: number | null; stderr: string }, pattern: RegExp): void {
  const lines = stderr.split("\n").filter((line) => line.startsWith("monosemantic: "));
  expect(lines, stderr).toHaveLength(1);
  expect(lines[0]).toMatch(pattern);
  expect(stderr).not.toMatch(/is a bug|\bat .*:\d+:\d+/);
  expect(code).toBe(1);
}

const alone = join(folder, "alone");
const interrupted = join(folder, "interrupted");
beforeAll(async () => {
  const { code, stderr } = await monosemantic(...command(alone, SPARING), "--quiet");
  expect(code, stderr).toBe(0);
  await killed(command(interrupted), () => (checkpoints(interrupted).at(-1) ?? 0) > 15);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

test("killed three times, in training and in evaluation, it ends with the same bits", async () => {
  const out = join(folder, "killed");
  cpSync(interrupted, out, { recursive: true });
  expect(existsSync(join(out, "saes"))).toBe(false);
  await killed([...command(out), "--resume"], () => (checkpoints(out).at(-1) ?? 0) > 40);
  expect(record(out).status).toBe("running");
  const evaluates = () =>
    record(out).phases.some(({ name }: { name: string }) => name === "training") &&
    existsSync(join(out, "saes", "x64"));
  await killed([...command(out), "--resume"], evaluates);
  const { code, stderr } = await resume(out);
  expect(code, stderr).toBe(0);
  // Killed while it evaluated: nothing is trained again.
  expect(stderr).toMatch(/resuming from the checkpoint of step 78/);
  weights(out).forEach((bytes, i) => expect(bytes.equals(weights(alone)[i]!)).toBe(true));
  expect(record(out).status).toBe("complete");
  expect(existsSync(join(out, "checkpoint"))).toBe(false);
});

describe("a checkpoint that", () => {
  const damaged = (name: string, damage: (checkpoint: string) => void) => {
    const out = join(folder, name);
    cpSync(interrupted, out, { recursive: true });
    damage(newest(out));
    return out;
  };

  test("is cut short is named, and without it the one before does", async () => {
    const out = damaged("short", (path) => truncateSync(join(path, "x64.safetensors"), 100_000));
    const before = checkpoints(out);
    expectSentence(
      await resume(out),
      /checkpoint file .*x64\.safetensors is missing or damaged.* before it is good: delete .*checkpoint/,
    );
    expect(checkpoints(out)).toEqual(before);
    rmSync(newest(out), { recursive: true });
    const { code, stderr } = await resume(out);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`resuming from the checkpoint of step ${before.at(-2)}`);
    weights(out).forEach((bytes, i) => expect(bytes.equals(weights(alone)[i]!)).toBe(true));
  });

  test("has one flipped bit is named", async () => {
    const out = damaged("flipped", (path) => {
      const file = join(path, "x2.safetensors");
      const bytes = readFileSync(file);
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(file, bytes);
    });
    expectSentence(await resume(out), /checkpoint file .*x2\.safetensors is missing or damaged/);
    expect(existsSync(join(out, "saes"))).toBe(false);
  });

  test("has half a state is named", async () => {
    const out = damaged("state", (path) => truncateSync(join(path, "state.json"), 50));
    expectSentence(await resume(out), /checkpoint file .*state\.json is missing or damaged/);
  });

  test("is of a run with other options is kept", async () => {
    const out = damaged("options", () => {});
    const before = checkpoints(out);
    const { code, stderr } = await resume(out, { lr: "5e-4" });
    expect(stderr).toMatch(
      /^monosemantic: the run in .* was started with lr null, not 0\.0005: resume it with/,
    );
    expect(code).toBe(2);
    expect(checkpoints(out)).toEqual(before);
    expect((await resume(out)).code).toBe(0);
  });

  test("has a digit of its state changed is named", async () => {
    const out = damaged("digit", (path) => {
      const file = join(path, "state.json");
      writeFileSync(
        file,
        readFileSync(file, "utf8").replace(
          /"position": (\d)/,
          (_, digit) => `"position": ${9 - Number(digit)}`,
        ),
      );
    });
    expectSentence(await resume(out), /checkpoint file .*state\.json is missing or damaged/);
  });
});

test("a run that diverges stops with what to change, and keeps its last good checkpoint", async () => {
  const out = join(folder, "diverged");
  const blown = await monosemantic(...command(out, { lr: "1e18", "lr-warmup": "0.9" }));
  expectSentence(blown, /training diverged at step \d+: .*lower the learning rate \(lr is 10+\)/);
  const step = Number(/diverged at step (\d+)/.exec(blown.stderr)![1]);
  expect(record(out)).toMatchObject({ status: "failed", error: expect.stringMatching(/diverged/) });
  expect(existsSync(join(out, "saes"))).toBe(false);
  expect(checkpoints(out).at(-1)).toBe(step - 1);
  for (const name of ["x2", "x64"]) {
    const file = openSafetensors(join(newest(out), `${name}.safetensors`));
    const floats = file.names.filter((tensor) => file.info(tensor).dtype === "F32");
    for (const tensor of floats) {
      expect(file.readFloats(tensor).every(Number.isFinite), `${name} ${tensor}`).toBe(true);
    }
    file.close();
  }
});

test("where files may not be that large, the last checkpoint stands, and where they may the run goes on", async () => {
  const out = join(folder, "limited");
  cpSync(interrupted, out, { recursive: true });
  const before = checkpoints(out);
  const words = [process.execPath, LAUNCHER, ...command(out), "--resume"];
  // 300 kB a file: enough for everything but the larger dictionary's state.
  const limited = await start("sh", ["-c", 'ulimit -f 600; exec "$@"', "sh", ...words]).finished;
  expectSentence(limited, /cannot write .*x64\.safetensors: a file may not be that large here .*--resume/);
  expect(checkpoints(out)).toEqual(before);
  const { code, stderr } = await resume(out);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain(`resuming from the checkpoint of step ${before.at(-1)}`);
  weights(out).forEach((bytes, i) => expect(bytes.equals(weights(alone)[i]!)).toBe(true));
});

test("a folder that a run is at work in is refused, and free again when that is killed", async () => {
  const out = join(folder, "locked");
  const { child, finished } = start(process.execPath, [LAUNCHER, ...command(out), "--quiet"]);
  const ended = finished.then(() => true);
  while (checkpoints(out).length === 0 && !(await Promise.race([ended, sleep(5, false)])));
  // However slow this machine is: it must not be done before the others have asked.
  child.kill("SIGSTOP");
  const { pid } = JSON.parse(readFileSync(join(out, "lock.json"), "utf8"));
  const sentence = new RegExp(`^monosemantic: ${out} is in use by process ${pid}, since .*--out$`);
  for (const more of [["--resume"], []]) {
    const second = await monosemantic(...command(out), ...more);
    expectSentence(second, sentence);
  }
  child.kill("SIGKILL");
  await ended;
  expect(existsSync(join(out, "lock.json"))).toBe(true);
  const { code, stderr } = await resume(out);
  expect(code, stderr).toBe(0);
  weights(out).forEach((bytes, i) => expect(bytes.equals(weights(alone)[i]!)).toBe(true));
  expect(existsSync(join(out, "lock.json"))).toBe(false);
});

describe.skipIf(!mayMount())("on a file system that", () => {
  test("is full, the last checkpoint stands, and with more space the run goes on", async () => {
    await mounted("size=720k", async (place, mount) => {
      const out = join(place, "run");
      const full = await monosemantic(...command(out));
      expectSentence(full, /cannot write .*checkpoint.*: the disk is full: free some space/);
      expect(checkpoints(out).length).toBeGreaterThan(0);
      mount("remount,size=16m");
      const { code, stderr } = await resume(out);
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/resuming from the checkpoint of step \d/);
      weights(out).forEach((bytes, i) => expect(bytes.equals(weights(alone)[i]!)).toBe(true));
    });
  });

  test("has no room at all, nothing is begun", async () => {
    await mounted("nr_inodes=1", async (place) => {
      const out = join(place, "run");
      expectSentence(await monosemantic(...command(out)), /cannot write .*run: the disk is full/);
    });
  });

  test("cannot be written, the place is named and a finished run is left as it was", async () => {
    await mounted("size=4m", async (place, mount) => {
      const out = join(place, "run");
      cpSync(alone, out, { recursive: true });
      mount("remount,ro");
      const other = await monosemantic(...command(join(place, "other")));
      expectSentence(other, /cannot write .*other: the file system is read-only/);
      expectSentence(await monosemantic("report", out), /cannot write .*: the file system is read-only/);
      weights(out).forEach((bytes, i) => expect(bytes.equals(weights(alone)[i]!)).toBe(true));
    });
  });
});

/** Whether this process may mount: as root outside of most containers. */
function mayMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), "monosemantic-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "monosemantic", place], { stdio: "ignore" });
    execFileSync("umount", [place], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Gives `work` the folder of a file system of its own. */
async function mounted(
  options: string,
  work: (place: string, mount: (options: string) => void) => Promise<void>,
): Promise<void> {
  const place = join(folder, `disk-${random.integer(1e9)}`);
  mkdirSync(place);
  const mount = (how: string) =>
    void execFileSync("mount", ["-t", "tmpfs", "-o", how, "monosemantic", place], { stdio: "ignore" });
  mount(options);
  try {
    await work(place, mount);
  } finally {
    execFileSync("umount", ["-l", place], { stdio: "ignore" });
  }
}
