/** Which trials of a study an address means. */

import { describe, expect, test } from "vitest";
import {
  columnsOf,
  factorSort,
  filterQuery,
  filtersOf,
  listOf,
  listText,
  passes,
  picked,
  sortedTrials,
  valueKey,
} from "../../../src/explorer/page/study/selection.ts";
import { trialState } from "../../../src/explorer/page/study/trial-state.ts";
import type { OutcomeDefinition, TrialOutcomes } from "../../../src/study/outcomes/outcome.ts";
import type { FactorValue } from "../../../src/study/plan.ts";

const HOSTILE = ["a*b", "<img src=x>", "100%", "", "x,y|z", "%2A"];

function trial(name: string, factors: Record<string, FactorValue>, score?: number): TrialOutcomes {
  const outcome = { name: "score", value: score ?? 0, low: null, high: null, varies: null };
  return { name, factors, outcomes: score === undefined ? [] : [outcome] } as unknown as TrialOutcomes;
}

const TRIALS = [
  trial("b", { lr: 0.01, objective: "topk" }, 2),
  trial("a", { lr: 0.1, objective: null }),
  trial("c", { lr: 1, objective: "null" }, 1),
];
const names = (trials: readonly TrialOutcomes[]) => trials.map(({ name }) => name);

test("lists of any names are read as they were written", () => {
  expect(listOf(listText(HOSTILE))).toEqual(HOSTILE);
  expect(listOf(undefined)).toEqual([]);
  expect(listOf("50%*a")).toEqual(["50%", "a"]);
});

test("values of different kinds have different keys", () => {
  const values: FactorValue[] = [null, "null", true, "true", 1, "1", "", "topk", '"topk"', "-x", -1];
  expect(new Set(values.map(valueKey)).size).toBe(values.length);
});

describe("a filter", () => {
  test.each([
    ["values", { kind: "values", keys: new Set([valueKey("null"), valueKey("topk")]) }, ["b", "c"]],
    ["not given", { kind: "values", keys: new Set([valueKey(null)]) }, ["a"]],
  ] as const)("by %s", (_, filter, kept) => {
    const change = filterQuery("objective", filter);
    const query = Object.fromEntries(Object.entries(change).filter(([, text]) => text !== null)) as Record<
      string,
      string
    >;
    const filters = filtersOf(query, ["lr", "objective"]);
    expect(filters.get("objective")).toEqual(filter);
    expect(names(TRIALS.filter((one) => passes(one, filters)))).toEqual(kept);
  });

  test("by bounds, of which either may be open", () => {
    const kept = (text: string) =>
      names(TRIALS.filter((one) => passes(one, filtersOf({ "r-lr": text }, ["lr"]))));
    expect(kept("0.05*0.5")).toEqual(["a"]);
    expect(kept("*0.1")).toEqual(["b", "a"]);
    expect(kept("0.1*")).toEqual(["a", "c"]);
    expect(kept("x*y")).toEqual(["b", "a", "c"]);
  });

  test("of a factor that the study has not is none", () => {
    expect(filtersOf({ "f-depth": "2" }, ["lr"]).size).toBe(0);
  });
});

test("trials are sorted by name, factor and outcome; those without stand last both ways", () => {
  expect(names(sortedTrials(TRIALS, undefined, true))).toEqual(["b", "a", "c"]);
  expect(names(sortedTrials(TRIALS, "name", false))).toEqual(["a", "b", "c"]);
  expect(names(sortedTrials(TRIALS, factorSort("lr"), true))).toEqual(["c", "a", "b"]);
  expect(names(sortedTrials(TRIALS, "score", false))).toEqual(["c", "b", "a"]);
  expect(names(sortedTrials(TRIALS, "score", true))).toEqual(["b", "c", "a"]);
});

test("chosen trials and columns: unknown names are passed over, none twice", () => {
  expect(names(picked({ pick: "c*b*c*nobody" }, TRIALS))).toEqual(["c", "b"]);
  const definitions = [{ name: "l0" }, { name: "mse" }] as OutcomeDefinition[];
  const study = { definitions, primary: ["l0"] };
  expect(columnsOf({}, study)).toEqual([definitions[0]]);
  expect(columnsOf({ columns: "mse*nothing" }, study)).toEqual([definitions[1]]);
  expect(columnsOf({ columns: "-" }, study)).toEqual([]);
});

describe("what is said of a trial that is not all there", () => {
  const part = (name: string, status: "running" | "failed" | "waiting") =>
    ({ name, status, stage: "train", sentence: null, attempts: 1, progress: null }) as const;
  test.each([
    [{ stage: "explain", leftOut: null, missing: [] }, [], null],
    [
      { stage: null, leftOut: null, missing: ["train-g1"] },
      [part("train-g1", "running")],
      "not trained: train-g1 is running",
    ],
    [
      { stage: "train", leftOut: null, missing: ["measure-g1"] },
      [part("measure-g1", "failed")],
      "trained, not measured: measure-g1 failed",
    ],
    [
      { stage: "train", leftOut: null, missing: ["measure-g1"] },
      [part("measure-g1", "waiting")],
      "trained, not measured",
    ],
    [{ stage: "explain", leftOut: "it diverged", missing: [] }, [], "no dictionary: it diverged"],
  ] as const)("%j", (state, parts, words) => {
    expect(trialState(state, { parts })).toBe(words);
  });
});
