import { describe, expect, test } from "vitest";
import { dictionariesOf } from "../../src/run/grid.ts";
import { describeForecast, forecastMemory } from "../../src/run/memory.ts";

const GIB = 2 ** 30;
const rest = { buffer: GIB / 2, model: GIB / 4 };

describe("memory of a run", () => {
  test("grows with the width: parameters, two moments of both matrices, and some entries", () => {
    const bytes = [8, 16].map((expansion) => {
      const { dictionaries } = forecastMemory(
        dictionariesOf([{ expansion, batch: 512 }], 1024),
        1024,
        2,
        rest,
      );
      return dictionaries[0]!;
    });
    const elements = 8 * 1024 * 1024;
    expect((bytes[1]! - bytes[0]!) / elements).toBeGreaterThan(25);
    expect((bytes[1]! - bytes[0]!) / elements).toBeLessThan(32);
  });

  test("adds up all dictionaries on the stream", () => {
    const one = forecastMemory(dictionariesOf([{ seed: 1 }], 512), 512, 2, rest);
    const two = forecastMemory(dictionariesOf([{ seed: 1 }, { seed: 2 }], 512), 512, 2, rest);
    expect(two.total - one.total).toBe(one.dictionaries[0]);
    expect(describeForecast(one)).toMatch(
      /^\d\.\d GiB of memory \(dictionaries 0\.\d, shuffle buffer 0\.5, model 0\.3\)$/,
    );
  });

  test("that the machine does not have is refused before anything is done", () => {
    const dictionaries = dictionariesOf([{ expansion: 32, batch: 4096 }], 3072);
    expect(() => forecastMemory(dictionaries, 3072, 2, rest, 6 * GIB)).toThrow(
      /needs about \d+\.\d GiB of memory .* this machine has 6\.0 GiB: give x32 at most [56]\d{4} features \(--expansion 1\d\.\d\), train fewer/,
    );
    expect(forecastMemory(dictionaries, 3072, 2, rest, 16 * GIB).total).toBeLessThan(16 * GIB);
  });
});
