/** A node that is cut off the network and works on, while Slurm has its job done elsewhere: two copies at once, one result. */

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { Cluster, mayCutNetworks, missing } from "./clusters.ts";
import { expectSame, Study, until } from "./studies.ts";

const folder = inject("sharedFolder");
const why = missing() ?? (mayCutNetworks() ? undefined : "no network namespaces may be made");

describe.skipIf(why !== undefined)(
  `with a network that can be cut${why === undefined ? "" : ` (skipped: ${why})`}`,
  () => {
    let cluster: Cluster;
    beforeAll(() => {
      cluster = Cluster.startApart(join(folder, "network"), `m${process.pid % 100_000}`);
    });
    afterAll(() => cluster?.stop());

    test("both copies of a part run, the later one counts, and the bits are the same", async () => {
      const study = await Study.submit(cluster, join(folder, "plain.json"), join(folder, "cut-off"), {});
      const first = await study.training();
      const node = first.record.slurm!.node!;
      // It stands still until Slurm has lost patience, so that it is not done by then, however fast this machine is.
      process.kill(first.record.pid, "SIGSTOP");
      cluster.cut(node);
      await until("the part has begun elsewhere", () => study.attempts().length > 1);
      process.kill(first.record.pid, "SIGCONT");
      // Nobody but the disk that both see can tell it.
      await until("the first copy has seen it", () => study.attempts()[0]!.outcome !== null);
      cluster.mend(node);
      await study.complete();
      const alone = new Study(cluster, join(folder, "plain-here"));
      await until("the run to compare with is done", () => alone.isDone());
      expectSame(study, alone);
      const attempts = study.attempts();
      expect(attempts.length).toBeGreaterThan(1);
      expect(attempts[1]!.record.slurm!.node).not.toBe(node);
      expect((await study.endings()).map(({ ending }) => ending)).toEqual(["superseded", "done"]);
    });
  },
);
