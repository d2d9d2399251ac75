/**
 * What clusters do to jobs, done to a study on a real Slurm: whatever it is, the study completes by itself, with the bits of a run that
 * was left alone, and `status` says what it was.
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { AttemptView } from "../../src/study/state.ts";
import { Cluster, missing } from "./clusters.ts";
import { expectSame, Study, TRAIN, until } from "./studies.ts";

const folder = inject("sharedFolder");
const plain = join(folder, "plain.json");
const why = missing();

let cluster: Cluster;
let alone: Study;

describe.skipIf(why !== undefined)(`on a cluster${why === undefined ? "" : ` (skipped: ${why})`}`, () => {
  beforeAll(async () => {
    cluster = await Cluster.start(join(folder, "faults"), 14);
    alone = new Study(cluster, join(folder, "plain-here"));
  });
  afterAll(() => cluster?.stop());

  /** Every disturbed study has a partition of two nodes to itself. */
  const submitted = (
    name: string,
    pair: number,
    profile: Record<string, unknown> = {},
    path = join(folder, name),
  ) => Study.submit(cluster, plain, path, { partition: `pair${pair}`, ...profile });

  const completes = async (study: Study) => {
    await study.complete();
    await until("the run to compare with is done", () => alone.isDone());
    expectSame(study, alone);
    expect(await study.does("status", study.path)).toMatch(/: complete/);
  };

  test.concurrent("time limits shorter than the work: back into the queue, again and again", async () => {
    const study = await submitted("time-limit", 1, { time: "1", signalSeconds: 55 });
    // Slurm's own signals, which come when its clock comes round, and two besides, unless the job has just been sent back.
    const signal = async ({ record }: AttemptView) => {
      await cluster.run("scancel", "--batch", "--signal=USR1", record.slurm!.job);
    };
    await signal(await study.training());
    await signal(await study.training(1));
    await completes(study);
    const endings = await study.endings();
    expect(endings.length).toBeGreaterThan(2);
    for (const { ending, sentence } of endings.slice(0, -1)) {
      expect(ending).toBe("time-limit");
      expect(sentence).toMatch(/time limit/);
    }
    // One job, which has put itself back into the queue.
    const [first, second] = study.attempts();
    expect(first!.outcome).toMatchObject({ ending: "interrupted", signal: "SIGUSR1" });
    expect(second!.record.slurm!.arrayJob).toBe(first!.record.slurm!.arrayJob);
  });

  test.concurrent("a node that dies", async () => {
    const study = await submitted("node", 2);
    const { record } = await study.training();
    cluster.killNode(record.slurm!.node!);
    await completes(study);
    expect((await study.endings()).map(({ ending }) => ending)).toEqual(["node-failure", "done"]);
    expect(study.attempts()[1]!.record.slurm!.node).not.toBe(record.slurm!.node);
  });

  test.concurrent("a slurmd that dies, and leaves its job at work", async () => {
    const study = await submitted("daemon", 3);
    const { record } = await study.training();
    cluster.killDaemon(record.slurm!.node!);
    await completes(study);
    for (const { ending } of await study.endings()) expect(["done", "superseded"]).toContain(ending);
  });

  test.concurrent("a job of higher priority", async () => {
    const study = await submitted("preempted", 4);
    await study.training();
    await cluster.output(
      "sbatch",
      "-p",
      "urgent4",
      "-N",
      "2",
      "--exclusive",
      "-o",
      "/dev/null",
      "--wrap",
      "sleep 2",
    );
    await completes(study);
    const [first] = await study.endings();
    expect(first).toMatchObject({ ending: "preempted", sentence: expect.stringMatching(/higher priority/) });
  });

  test.concurrent("too little memory: more with each try", async () => {
    const study = await submitted("memory", 5, {
      // Less than the plan counts with, as where a forecast is wrong.
      stages: { train: { sbatch: ["--mem=150M"] } },
    });
    await completes(study);
    expect((await study.endings()).map(({ ending }) => ending)).toEqual(["out-of-memory", "done"]);
  });

  test.concurrent("scancel of a job, then of all, and resume", async () => {
    const study = await submitted("cancelled", 6);
    const { record } = await study.training();
    await cluster.output("scancel", record.slurm!.job);
    // The job that looks after the study submits it again.
    await study.training(1);
    expect((await study.endings())[0]).toMatchObject({
      ending: "cancelled",
      sentence: expect.stringMatching(/scancel/),
    });
    expect(await study.does("cancel", study.path)).toMatch(/cancelled: \d of 4 parts/);
    await until("nobody is at work", () => study.attempts().every(({ outcome }) => outcome !== null));
    const stopped = await study.status();
    expect(stopped).toMatchObject({ cancelled: true, complete: false });
    expect(stopped.parts.find(({ part }) => part.name === TRAIN)!.status).toBe("cancelled");
    await study.does("resume", study.path);
    await completes(study);
    expect(study.attempts().length).toBe(3);
  });

  test.concurrent("a full disk, until there is room", async ({ onTestFinished }) => {
    const place = join(folder, "small-disk");
    mkdirSync(place);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=96m", "tmpfs", place]);
    onTestFinished(() => void execFileSync("umount", ["-l", place]));
    const study = await submitted(
      "disk",
      7,
      { retries: { diskFullWait: 1, diskFull: 100 } },
      join(place, "study"),
    );
    await study.training();
    const filler = join(place, "filler");
    const { bavail, bsize } = statfsSync(place);
    try {
      writeFileSync(filler, Buffer.alloc(bavail * bsize));
    } catch {
      // It took what there was.
    }
    await until("the disk is found full", () =>
      study.attempts().some(({ outcome }) => outcome?.ending === "disk-full"),
    );
    const [first] = await study.endings();
    expect(first).toMatchObject({ ending: "disk-full", sentence: expect.stringMatching(/disk is full/) });
    rmSync(filler);
    await completes(study);
  });
});
