/**
 * Every objective gives the same bits for any number of workers and across save, a new trainer and restore: on the way from
 * the dense path to the sparse one, with dead features revived, and with a batch of several chunks that workers share.
 */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ObjectiveName } from "../../src/sae/objectives.ts";
import type { SaeRequest } from "../../src/sae/options.ts";
import { Pool } from "../../src/sae/pool.ts";
import { resolveOptions } from "../../src/sae/presets.ts";
import { type SavedTrainer, SaeTrainer, type StepReport } from "../../src/sae/trainer.ts";
import { independent, synthetic } from "./synthetic.ts";

// Four chunks of rows, the last of them short; four blocks of features, the last of them short.
const [d, d_sae, batch, steps] = [19, 200, 450, 24];
const data = synthetic({ d, features: 60, sample: independent(0.05), offset: 0.2, noise: 0.01 });

let one: Pool;
let three: Pool;
beforeAll(() => {
  one = new Pool(1);
  three = new Pool(3);
});
afterAll(() => Promise.all([one.close(), three.close()]));

const ranked: SaeRequest = { k: 6, k_aux: 9, aux_coefficient: 0.5, dead_after: 4 };
const REQUESTS: Readonly<Record<ObjectiveName, SaeRequest>> = {
  "relu-l1": { target_l0: 6 },
  "april-2024": { lambda_warmup: 0, lr: 5e-4 },
  topk: ranked,
  "batch-topk": ranked,
  matryoshka: { ...ranked, groups: [0.1, 0.3, 0.5, 1] },
  jumprelu: { target_l0: 8, bandwidth: 0.2, lambda_warmup: 0 },
  gated: { lambda_warmup: 0 },
};

async function trainerOf(pool: Pool, objective: ObjectiveName, saved?: SavedTrainer): Promise<SaeTrainer> {
  const request = { expansion: d_sae / d, batch, tokens: steps * batch, lambda: 2, lr: 3e-3, objective };
  const options = resolveOptions({ ...request, ...REQUESTS[objective] }, d);
  const trainer = await SaeTrainer.create(pool, { d_in: d, options });
  if (saved) trainer.restore(saved);
  else {
    trainer.initialise(data.batch(0, batch));
    // Some start silent, for ranks to revive; without a rank, few enough are active for the sparse path.
    const quiet: readonly ObjectiveName[] = ["april-2024", "jumprelu", "gated"];
    trainer.parameters.fillBias(quiet.includes(objective) ? -0.25 : -0.1, 0, 150);
    trainer.parameters.fillBias(-0.5, 150);
  }
  return trainer;
}

/** Everything of a report but the times. */
async function run(trainer: SaeTrainer, from: number, to: number): Promise<Omit<StepReport, "phases">[]> {
  const reports = [];
  for (let step = from; step <= to; step++) {
    const { phases: _, ...report } = await trainer.step(data.batch(step, batch));
    reports.push(report);
  }
  return reports;
}

/** A copy that later steps do not change, as a checkpoint on disk holds it. */
function copied({ tensors, state }: SavedTrainer): SavedTrainer {
  return {
    tensors: Object.fromEntries(
      Object.entries(tensors).map(([name, { dims, data: values }]) => [name, { dims, data: values.slice() }]),
    ),
    state: JSON.parse(JSON.stringify(state)),
  };
}

const bytes = (values: ArrayBufferView) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

function expectSame(a: SavedTrainer, b: SavedTrainer): void {
  expect(b.state).toEqual(a.state);
  expect(Object.keys(b.tensors)).toEqual(Object.keys(a.tensors));
  for (const [name, { data: values }] of Object.entries(a.tensors)) {
    expect(Buffer.compare(bytes(b.tensors[name]!.data), bytes(values)), name).toBe(0);
  }
}

describe.each(Object.keys(REQUESTS) as ObjectiveName[])("%s gives the same bits", (objective) => {
  test("for one worker and three, and across save and restore", async () => {
    const straight = await trainerOf(one, objective);
    const reports = await run(straight, 1, steps);
    const end = copied(straight.save());
    await straight.close();

    const crowd = await trainerOf(three, objective);
    expect(await run(crowd, 1, steps)).toEqual(reports);
    expectSame(end, crowd.save());
    await crowd.close();

    const first = await trainerOf(three, objective);
    await run(first, 1, steps / 2);
    const half = copied(first.save());
    await first.close();
    const second = await trainerOf(one, objective, half);
    expect(await run(second, steps / 2 + 1, steps)).toEqual(reports.slice(steps / 2));
    expectSame(end, second.save());
    await second.close();

    const dense = new Set(reports.map((report) => report.dense));
    if (REQUESTS[objective].k_aux === undefined) expect(dense.size).toBe(2);
    else expect(reports.some(({ extra }) => extra > 0)).toBe(true);
    expect(reports.some(({ products }) => products > 0)).toBe(true);
  });
});
