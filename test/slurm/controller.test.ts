/** A controller that is killed: jobs go on without it, what it forgot is submitted again, and a job that it begins a second time does no harm. */

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { Cluster, missing } from "./clusters.ts";
import { expectSame, Study, until } from "./studies.ts";

const folder = inject("sharedFolder");
const plain = join(folder, "plain.json");
const why = missing();

describe.skipIf(why !== undefined)(
  `with a controller that dies${why === undefined ? "" : ` (skipped: ${why})`}`,
  () => {
    let cluster: Cluster;
    beforeAll(async () => {
      cluster = await Cluster.start(join(folder, "controller"), 4);
    });
    afterAll(() => cluster?.stop());

    test("a study at work and one just submitted complete with the same bits", async () => {
      const atWork = await Study.submit(cluster, plain, join(folder, "at-work"), { partition: "pair1" });
      await atWork.training();
      const fresh = await Study.submit(cluster, plain, join(folder, "fresh"), {
        partition: "pair2",
        tendMinutes: 0.5,
      });
      cluster.killController();
      await sleep(1000);
      expect(await fresh.does("status", fresh.path)).toMatch(/Slurm does not answer/);
      const { code, stderr } = await cluster.monosemantic("resume", fresh.path);
      expect(stderr).toMatch(/^monosemantic: Slurm cannot be asked .*"monosemantic resume/m);
      expect(code).toBe(1);
      cluster.startController();
      await until("the controller is back", () => true);
      await cluster.output("squeue");

      // Whatever it has forgotten, somebody who looks sees it, and resume goes on; what it has not forgotten is not submitted twice.
      await fresh.does("resume", fresh.path);
      await atWork.complete();
      await fresh.complete();
      const alone = new Study(cluster, join(folder, "plain-here"));
      await until("the run to compare with is done", () => alone.isDone());
      expectSame(atWork, alone);
      expectSame(fresh, alone);
    });

    test("a study of which everything in the queue was lost says so, and resume goes on", async () => {
      const study = await Study.submit(cluster, plain, join(folder, "lost"), { partition: "pair1" });
      await cluster.output("scancel", "--user=root");
      await until("its jobs are gone", () =>
        study.attempts("join-t1").every(({ outcome }) => outcome !== null),
      );
      const words = await study.does("status", study.path);
      expect(words).toMatch(/nothing is in Slurm's queue: "monosemantic resume .*" goes on/);
      expect(await study.does("resume", study.path)).toMatch(
        /^\d of 4 parts done, [34] submitted, 0 in the queue already/,
      );
      await study.complete();
    });
  },
);
