/** Slurm's words in a job's log, and in its queue, as they were seen on a cluster. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { endingOf, fromLog } from "../../../src/study/slurm/endings.ts";
import { isHeldBySlurm, parseQueue, scheduledPart } from "../../../src/study/slurm/queue.ts";
import type { AttemptRecord } from "../../../src/study/state.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-endings-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  [
    "slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-11-22T21:36:09 DUE TO TIME LIMIT ***",
    "time-limit",
  ],
  [
    "slurmstepd-n1: error: *** JOB 12 ON n1 CANCELLED AT 2026-11-22T21:36:09 DUE TO PREEMPTION ***",
    "preempted",
  ],
  [
    "slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-11-22T21:36:09 DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS ***",
    "node-failure",
  ],
  ["slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-11-22T21:36:09 ***", "cancelled"],
  ["slurmstepd: error: Exceeded job memory limit", "out-of-memory"],
  [
    "slurmstepd: error: Detected 1 oom-kill event(s) in StepId=12.batch. Some of your processes may have been killed by the cgroup out-of-memory handler.",
    "out-of-memory",
  ],
  ["slurmstepd-n1: error: StepId=5.batch exceeded memory limit (5000 > 4000), being killed", "out-of-memory"],
  ["srun: error: n1: task 0: Out Of Memory", "out-of-memory"],
  ["0: slurmstepd: error: Detected 1 oom_kill event in StepId=5.0.", "out-of-memory"],
  ["trained on 12,0slurmstepd: error: Exceeded job memory limit at some point.", "out-of-memory"],
  ["reading oom-kill/exceeded memory limit.txt", undefined],
  ["[2026-11-22T21:36:09Z] train-g1: ended with code 137", "killed"],
  [
    "slurmstepd-n1: error: *** JOB 5 ON n1 CANCELLED AT 2026-11-22T21:36:22 DUE TO JOB REQUEUE ***",
    undefined,
  ],
  ["[2026-11-22T21:36:09Z] train-g1: ended with code 75", undefined],
])("%s", (line, ending) => {
  expect(fromLog(`training: 5 %\n${line}\n`)?.ending).toBe(ending);
});

test("each attempt has its own stretch of the log; one that ends in silence before another was on a node that went away", async () => {
  mkdirSync(join(folder, "logs"));
  writeFileSync(
    join(folder, "logs", "s-train-12_1.log"),
    `[2026-11-22T10:00:00Z] train-g1: job 12_1 (12) begins on n1
slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-11-22T10:05:00 DUE TO PREEMPTION ***
[2026-11-22T11:00:00Z] train-g1: job 12_1 (12) begins on n2
training: 5 %
[2026-11-22T12:00:00Z] train-g1: job 12_1 (12) begins on n3
`,
  );
  const slurm = { job: "12", arrayJob: "12", task: "1", restarts: 0 };
  const attempt = (started: string, node: string) =>
    ({ started, slurm: { ...slurm, node } }) as AttemptRecord;
  expect(await endingOf(folder, attempt("2026-11-22T10:00:00.700Z", "n1"), null)).toMatchObject({
    ending: "preempted",
  });
  const silent = await endingOf(folder, attempt("2026-11-22T11:00:01Z", "n2"), null);
  expect(silent).toMatchObject({
    ending: "node-failure",
    sentence: expect.stringMatching(/n3.*n2 said nothing/),
  });
  expect(await endingOf(folder, attempt("2026-11-22T10:00:01Z", "n1"), "SIGUSR1")).toMatchObject({
    ending: "time-limit",
  });
});

test("lines of squeue", () => {
  const [running, waiting, held] = parseQueue(
    "4|0|5|RUNNING|s-train|None\n4|1|4|PENDING|s-train|JobArrayTaskLimit\n6|N/A|6|PENDING|s-tend|launch failed requeued held\n",
  );
  expect(scheduledPart(running!)).toEqual({ state: "running", job: "4_0", reason: null });
  expect(scheduledPart(waiting!)).toMatchObject({
    state: "queued",
    job: "4_1",
    reason: expect.stringMatching(/concurrent/),
  });
  expect(scheduledPart(held!)).toMatchObject({ job: "6" });
  expect([waiting!, held!].map(isHeldBySlurm)).toEqual([false, true]);
});
