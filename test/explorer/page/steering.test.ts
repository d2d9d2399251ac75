/** Settings of an experiment in an address. */

import { describe, expect, test } from "vitest";
import type { GenerationRequest } from "../../../src/explorer/api.ts";
import { generationRequest } from "../../../src/explorer/server/requests.ts";
import {
  DEFAULTS,
  firstDifference,
  formatInterventions,
  parseInterventions,
  queryOf,
  settingsOf,
  sliderRange,
} from "../../../src/explorer/page/steer/steering.ts";

/** Through an address and back: what is empty is left out of one. */
function thereAndBack(settings: GenerationRequest, defaults = DEFAULTS): GenerationRequest {
  const query = Object.entries(queryOf(settings, defaults)).filter(
    (entry): entry is [string, string] => entry[1] !== null && entry[1] !== "",
  );
  return settingsOf(Object.fromEntries(new URLSearchParams(query)), defaults);
}

const SETTINGS: GenerationRequest = {
  prompt: "a & b = #? ↵\nשלום",
  interventions: [
    { kind: "feature", index: 123, mode: "clamp", value: 7.71 },
    { kind: "neuron", index: 5, mode: "add", value: -1e-5 },
  ],
  tokens: 12,
  temperature: 0,
  topP: 0.9,
  seed: 42,
};

describe("settings in an address", () => {
  test("come back as they were", () => {
    expect(thereAndBack(SETTINGS)).toEqual(SETTINGS);
    expect(thereAndBack(DEFAULTS)).toEqual(DEFAULTS);
    expect(thereAndBack({ ...SETTINGS, prompt: "" })).toEqual({ ...SETTINGS, prompt: "" });
  });

  test("can take away what stands there by default", () => {
    const defaults = { ...DEFAULTS, interventions: SETTINGS.interventions };
    expect(thereAndBack({ ...defaults, interventions: [] }, defaults).interventions).toEqual([]);
    expect(Object.values(queryOf(defaults, defaults)).every((value) => value === null)).toBe(true);
  });

  test("that make no sense become something that the server takes", () => {
    for (const query of [
      {},
      { tokens: "1e9", temperature: "-3", "top-p": "0", seed: "-1", with: "f1_clamp_1e99*x*n2_add_3" },
      { tokens: "abc", temperature: "NaN", "top-p": "2", seed: "1.5", with: "" },
      { tokens: "3.7", with: Array(50).fill("f1_add_1").join("*") },
    ]) {
      expect(generationRequest.safeParse(settingsOf(query)).error).toBeUndefined();
    }
  });

  test("leave out what is no intervention", () => {
    expect(parseInterventions("f1_clamp_2*f-3_add_1*g5_add_1*f7_mul_2*n8_add_-0.5")).toEqual([
      { kind: "feature", index: 1, mode: "clamp", value: 2 },
      { kind: "neuron", index: 8, mode: "add", value: -0.5 },
    ]);
    expect(parseInterventions(formatInterventions([]))).toEqual([]);
  });
});

test("a slider reaches whatever its value is", () => {
  expect(sliderRange("clamp", 1)).toEqual([0, 3]);
  expect(sliderRange("add", 1)).toEqual([-3, 3]);
  expect(sliderRange("clamp", -1.5)).toEqual([-2, 3]);
  expect(sliderRange("clamp", 9.2)).toEqual([0, 10]);
});

test("the first token at which two texts part", () => {
  expect(firstDifference(["a", "b"], ["a", "c"])).toBe(1);
  expect(firstDifference(["a", "b"], ["a"])).toBeNull();
});
