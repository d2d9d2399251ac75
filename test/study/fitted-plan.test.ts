import { expect, test } from "vitest";
import { REFERENCE } from "../../src/study/forecast/speed.ts";
import { fittedPlan } from "../../src/study/fitted-plan.ts";
import { memoryWarning } from "../../src/study/plan-text.ts";
import type { StudyRequest } from "../../src/study/study-request.ts";
import { study, trial } from "./study-trials.ts";

const model = "test/fixtures/models/text";
const trials = [0, 1, 2, 3, 4]
  .map((seed) =>
    trial(
      { expansion: 2048, seed, batch: 64, tokens: 20_000 },
      { model, hook: "blocks.1.hook_resid_pre", context: 24 },
    ),
  )
  .map((one) => ({ ...one, model: { ...one.model, dIn: 16 } }));

const analysis = {
  featuresTokens: 1000,
  neurons: false,
  neuronTokens: 1000,
  ablations: 0,
  map: false,
  proxies: [],
} as unknown as StudyRequest["measures"]["features"];

const plan = (memoryBytes: number) =>
  fittedPlan(
    study(trials, { memoryBytes, measures: { ...study(trials).measures, features: analysis } }),
    REFERENCE,
  );
const largest = async (memoryBytes: number) =>
  Math.max(...(await plan(memoryBytes)).parts.map(({ forecast }) => forecast.memoryBytes));

test("groups are cut so that analysing them fits too", async () => {
  const whole = await plan(64e9);
  expect(whole.groups).toHaveLength(1);
  const measure = whole.parts.find(({ name }) => name === "measure-g1")!;
  const train = whole.parts.find(({ name }) => name === "train-g1")!;
  expect(measure.forecast.memoryBytes).toBeGreaterThan(train.forecast.memoryBytes);

  const allowed = measure.forecast.memoryBytes - 1;
  const cut = await plan(allowed);
  expect(cut.groups.map((group) => group.trials.length)).toEqual([3, 2]);
  expect(await largest(allowed)).toBeLessThanOrEqual(allowed);
  expect(memoryWarning(cut)).toBeUndefined();
  expect(cut.parts.every(({ forecast }) => forecast.seconds > 0)).toBe(true);
});

test("what does not fit by itself is cut as far as that helps, and said", async () => {
  const measures = { ...study(trials).measures, features: analysis };
  const alone = await fittedPlan(study(trials, { groupSize: 1, measures }), REFERENCE);
  const least = alone.parts.find(({ name }) => name === "measure-g1")!.forecast.memoryBytes;
  const tight = await plan(least - 1);
  expect(tight.groups).toHaveLength(5);
  expect(memoryWarning(tight)).toMatch(
    /^measure-g1 and 4 other parts will take about .*, more than the .* that a part may/,
  );

  // Evaluation alone takes nearly the same for five as for one.
  const small = trials.map((one) => ({ ...one, options: { ...one.options, expansion: 1 } }));
  const dictionaries = small.map((one) => ({ ...one, dictionary: { ...one.dictionary, expansion: 1 } }));
  const vain = await fittedPlan(study(dictionaries, { memoryBytes: 1e9 }), REFERENCE);
  expect(vain.groups).toHaveLength(1);
  expect(memoryWarning(vain)).toMatch(/^measure-g1 and 1 other part will take about/);
});
