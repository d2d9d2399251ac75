/** Programs kept within a limit: results stay right, those in use stay loaded, idle ones go and come back. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { Graph } from "../../src/engine/graph.ts";
import { scale } from "../../src/engine/operations/elementwise.ts";
import { ResidentPrograms } from "../../src/model/resident-programs.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start();
});
afterAll(() => engine.close());

/** Programs that multiply by their number; `built` is one entry for each time that one is compiled. */
function multipliers(limit: number) {
  const built: number[] = [];
  const programs = new ResidentPrograms(engine, limit);
  const run = (factor: number, x: number) =>
    programs.run(
      `${factor}`,
      () => {
        built.push(factor);
        const graph = new Graph(`times ${factor}`);
        graph.output("y", scale(graph.input("x", [1]), factor));
        return { graph, constants: {} };
      },
      ({ floats }) => (floats["x"]![0] = x),
      (outputs) => outputs["y"]![0]!,
    );
  return { programs, run, built };
}

test("the least recently used goes when it is idle", async () => {
  const { programs, run, built } = multipliers(2);
  for (const factor of [2, 3, 2, 4, 2, 3]) expect(await run(factor, 5)).toBe(5 * factor);
  expect(built).toEqual([2, 3, 4, 3]);
  await programs.close();
});

test("more at once than may be kept: none is taken away from its runs", async () => {
  const { programs, run, built } = multipliers(1);
  const factors = Array.from({ length: 40 }, (_, i) => 2 + (i % 5));
  const results = await Promise.all(factors.map((factor, i) => run(factor, i)));
  expect(results).toEqual(factors.map((factor, i) => factor * i));
  expect(built.length).toBe(5);
  // Idle again, only one is kept.
  for (const factor of [2, 3, 4, 5, 6]) await run(factor, 1);
  expect(built.length).toBeGreaterThanOrEqual(9);
  await programs.close();
});

test("one that could not be compiled is tried again", async () => {
  const programs = new ResidentPrograms(engine, 2);
  const run = (columns: number) =>
    programs.run(
      "same key",
      () => {
        const graph = new Graph("a constant of the wrong size");
        graph.output("y", scale(graph.input("x", [2]), 3));
        graph.input("unused", [1]);
        return { graph, constants: { unused: new Float32Array(columns) } };
      },
      ({ floats }) => floats["x"]!.fill(1),
      (outputs) => [...outputs["y"]!],
    );
  await expect(run(2)).rejects.toThrow(/"unused" has 2 values/);
  expect(await run(1)).toEqual([3, 3]);
  await programs.close();
});
