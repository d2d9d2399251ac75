import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSafetensors } from "../../src/files/safetensors.ts";
import { writeSafetensors } from "../../src/files/safetensors-write.ts";
import type { SaeRequest } from "../../src/sae/options.ts";
import { Pool } from "../../src/sae/pool.ts";
import { resolveOptions } from "../../src/sae/presets.ts";
import { type SavedTrainer, SaeTrainer, type TrainingEvent } from "../../src/sae/trainer.ts";
import { independent, synthetic } from "./synthetic.ts";

const [d, batch, steps] = [24, 128, 80];
const data = synthetic({ d, features: 40, sample: independent(0.05), offset: 0.2, noise: 0.01 });

let pool: Pool;
beforeAll(() => {
  pool = new Pool(2);
});
afterAll(() => pool.close());

async function trainer(change: SaeRequest, events: TrainingEvent[]) {
  const options = resolveOptions({ expansion: 4, batch, tokens: steps * batch, lr: 5e-3, ...change }, d);
  return SaeTrainer.create(pool, {
    d_in: d,
    options,
    onEvent: (event) => events.push(event),
    resampleInputs: (_, step) => [data.batch(1000 + step, batch)],
  });
}

/** The state as a checkpoint on disk holds it. */
function throughDisk({ tensors, state }: SavedTrainer): SavedTrainer {
  const folder = mkdtempSync(join(tmpdir(), "monosemantic-test-"));
  try {
    const path = join(folder, "trainer.safetensors");
    writeSafetensors(path, tensors);
    const file = openSafetensors(path);
    const read = Object.fromEntries(
      file.names.map((name) => {
        const { dtype, shape } = file.info(name);
        return [name, { dims: shape, data: dtype === "I32" ? file.readInts(name) : file.readFloats(name) }];
      }),
    );
    file.close();
    return { tensors: read, state: JSON.parse(JSON.stringify(state)) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.each([
  ["monosemantic", { Lambda: 1, dead: "bricken-resample", resample_at: [0.25, 0.75], resample_window: 0.1 }],
  ["bricken-2023", { Lambda: 1, resample_at: [20, 60], resample_window: 10 }],
  ["neel-2023", { Lambda: 1, reinit_every: 30, reinit_tokens: 10 * batch, reinit_frequency: 0.01 }],
  ["neel-2023", { Lambda: 1, as_published: true, reinit_every: 30, reinit_frequency: 0.01 }],
] satisfies [SaeRequest["preset"], SaeRequest][])("%s", (preset, change) => {
  test("N steps straight and N/2, save, a new trainer, N/2 give the same bits", async () => {
    const request = { preset, ...change };
    const events: TrainingEvent[] = [];
    const straight = await trainer(request, events);
    straight.initialise(data.batch(0, 512));
    for (let step = 1; step <= steps; step++) await straight.step(data.batch(step, batch));
    expect(events.some(({ event }) => event === "resample" || event === "reinit")).toBe(true);

    const first = await trainer(request, []);
    first.initialise(data.batch(0, 512));
    for (let step = 1; step <= steps / 2; step++) await first.step(data.batch(step, batch));
    const saved = throughDisk(first.save());
    await first.close();
    const second = await trainer(request, []);
    second.restore(saved);
    expect(second.stepsTaken).toBe(steps / 2);
    for (let step = steps / 2 + 1; step <= steps; step++) await second.step(data.batch(step, batch));

    const [a, b] = [straight.save(), second.save()];
    expect(b.state).toEqual(a.state);
    for (const [name, { data: values }] of Object.entries(a.tensors)) {
      expect(Buffer.compare(bytes(b.tensors[name]!.data), bytes(values)), name).toBe(0);
    }
    await straight.close();
    await second.close();
  });
});

const bytes = (values: ArrayBufferView) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

test("a checkpoint of another run is refused with what differs", async () => {
  const saved = await trainer({ Lambda: 1 }, []);
  const other = await trainer({ Lambda: 2 }, []);
  const wider = await trainer({ Lambda: 1, expansion: 5 }, []);
  expect(() => other.restore(saved.save())).toThrow(/made with lambda 1, not 2/);
  expect(() => wider.restore(saved.save())).toThrow(/made with expansion 4, not 5/);
  const { state, tensors } = saved.save();
  const { W_dec: _, ...rest } = tensors;
  expect(() => saved.restore({ state, tensors: rest })).toThrow(/W_dec is missing, expected \[96, 24\]/);
  await Promise.all([saved.close(), other.close(), wider.close()]);
});

test("a diverging run stops with a sentence that says what to change", async () => {
  const run = await trainer({ Lambda: 1, lr: 1e30, lr_warmup: 0 }, []);
  const steps = async () => {
    for (let step = 1; step <= 20; step++) await run.step(data.batch(step, batch));
  };
  await expect(steps()).rejects.toThrow(/diverged at step \d+: .*lower the learning rate/);
  const x = data.batch(0, batch);
  x[5] = NaN;
  const fed = await trainer({ Lambda: 1 }, []);
  await expect(fed.step(x)).rejects.toThrow(/diverged at step 1/);
  await Promise.all([run.close(), fed.close()]);
});

test("a dictionary wider than the memory there is, is refused with the largest width that fits", async () => {
  const options = resolveOptions({ expansion: 32, batch: 4096 }, 3072);
  const available = 4 * 2 ** 30;
  await expect(SaeTrainer.create(pool, { d_in: 3072, options, availableBytes: available })).rejects.toThrow(
    /98304 features on 3072 dimensions .* there are 4\.0: train at most [34]\d{4} features/,
  );
});

test("where a dictionary cannot lie in several memories, one memory is the limit", async () => {
  const options = resolveOptions({ expansion: 32, batch: 4096, objective: "gated" }, 3072);
  await expect(SaeTrainer.create(pool, { d_in: 3072, options })).rejects.toThrow(
    /with gated one can have 4: train at most [34]\d{4} features/,
  );
});
