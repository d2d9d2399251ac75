/** The bash that every job runs, with stand-ins for the work and for Slurm's commands: which signals it passes on, and what it does with exit codes. */

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { parseProfile } from "../../../src/study/slurm/profile.ts";
import { partScript } from "../../../src/study/slurm/part-script.ts";
import { start } from "../../cli/processes.ts";

const root = mkdtempSync(join(tmpdir(), "monosemantic-part-script-"));
afterAll(() => rmSync(root, { recursive: true }));

let folder: string;
let calls: () => string;
beforeEach(() => {
  folder = mkdtempSync(join(root, "it's here "));
  const calledFile = join(folder, "calls");
  calls = () => (existsSync(calledFile) ? readFileSync(calledFile, "utf8") : "");
  for (const [name, body] of [
    [
      "scontrol",
      `echo "scontrol $*" >> "${calledFile}"; [ ! -e "${folder}/refuse" ] || { rm "${folder}/refuse"; exit 1; }; kill -TERM $(ps -o ppid= -p $PPID)`,
    ],
    ["squeue", `[ -e "${folder}/looked-after" ] && echo 5; exit 0`],
  ] as const) {
    executable(name, body);
  }
  writeFileSync(join(folder, "looked-after"), "");
});

function executable(name: string, body: string): void {
  mkdirSync(join(folder, "bin"), { recursive: true });
  writeFileSync(join(folder, "bin", name), `#!/bin/bash\n${body}\n`);
  chmodSync(join(folder, "bin", name), 0o755);
}

/** An attempt as far as the script reads it. */
function attempt(number: number, checkpoint: number | null, ending = "interrupted"): void {
  const path = join(folder, "parts", "train-g1", "attempts", `000${number}`);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "progress.json"), JSON.stringify({ memoryBytes: 1, checkpoint }));
  writeFileSync(join(path, "outcome.json"), JSON.stringify({ ending }));
}

/** Runs the script with `work` as the program. */
function job(work: string, profile: Record<string, unknown> = {}) {
  executable("work", `[ "$1" = resume ] && { echo "resume $3" >> "${folder}/calls"; exit 0; }\n${work}`);
  const text = partScript(parseProfile(profile, "site"), { name: "s", arraySize: 1001 });
  const file = join(folder, "part.sh");
  writeFileSync(file, `study="${folder}"\npart=train-g1\nmonosemantic=("${folder}/bin/work")\n${text}`);
  return start("bash", [file], { PATH: `${join(folder, "bin")}:${process.env["PATH"]}`, SLURM_JOB_ID: "17" });
}

test("done: nothing else happens", async () => {
  const { code, stderr } = await job("exit 0").finished;
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /^\[\S+Z\] train-g1: job _ \(17\) begins on \S+\n\[\S+Z\] train-g1: ended with code 0\n$/,
  );
  expect(calls()).toBe("");
});

test("a failure is the job's failure", async () => {
  expect((await job("exit 3").finished).code).toBe(3);
  expect(calls()).toBe("");
});

test("USR1 is passed on, and a checkpoint sends the job back into the queue, also when Slurm refuses at first", async () => {
  attempt(1, 7);
  writeFileSync(join(folder, "refuse"), "");
  const started = job(
    `echo ready; sleep 1; trap 'echo got USR1; exit 75' USR1; mkdir "${folder}/parts/train-g1/attempts/0002"; while :; do sleep 0.1; done`,
  );
  // Before it is ready for it: it would end there and then.
  await started.saw("ready");
  started.child.kill("SIGUSR1");
  const { stdout, stderr } = await started.finished;
  expect(stdout).toContain("got USR1");
  expect(calls()).toBe("scontrol requeue 17\nscontrol requeue 17\n");
  expect(stderr).toMatch(/a checkpoint was made: back into the queue/);
});

test("after TERM the work may finish its checkpoint, and Slurm decides what comes then", async () => {
  const started = job(`trap 'sleep 0.5; echo saved; exit 75' TERM; echo ready; while :; do sleep 0.1; done`);
  await started.saw("ready");
  started.child.kill("SIGTERM");
  const { code, stdout } = await started.finished;
  expect(stdout).toContain("saved");
  expect(code).toBe(143);
  expect(calls()).toBe("");
});

test("interruptions that get no further end with a failure", async () => {
  for (const number of [1, 2, 3]) attempt(number, 7);
  attempt(4, 71);
  expect((await job("exit 75", { retries: { stalls: 1 } }).finished).code).not.toBe(1);
  expect(calls()).toBe("scontrol requeue 17\n");
  for (const number of [5, 6]) attempt(number, 71);
  const { code, stderr } = await job("exit 75", { retries: { stalls: 1 } }).finished;
  expect(stderr).toMatch(/no newer checkpoint .*: the time limit is too short/);
  expect(code).toBe(1);
});

test("a full disk: a pause, then back into the queue, but not for ever", async () => {
  attempt(1, 7, "disk-full");
  const retries = { diskFull: 1, diskFullWait: 0 };
  await job("exit 74", { retries }).finished;
  expect(calls()).toBe("scontrol requeue 17\n");
  attempt(2, 7, "disk-full");
  expect((await job("exit 74", { retries }).finished).code).toBe(1);
});

test("where nobody looks after the study any more, whoever ends does", async () => {
  rmSync(join(folder, "looked-after"));
  await job("exit 0").finished;
  expect(calls()).toBe("resume --tend\n");
  rmSync(join(folder, "calls"));
  await job("exit 0", { tendMinutes: 0 }).finished;
  expect(calls()).toBe("");
});
