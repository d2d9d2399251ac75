/** Which parts go into which array, and what arrays wait for: from a whole study to what is left of one. */

import { expect, test } from "vitest";
import { partsOf } from "../../../src/study/parts.ts";
import type { Comparison, Group, Measures, Plan, Text } from "../../../src/study/plan.ts";
import { dependencyOf, jobArrays, taskRanges } from "../../../src/study/slurm/arrays.ts";
import { jobName, taskOf, type QueuedJob } from "../../../src/study/slurm/queue.ts";

const forecast = { seconds: 1, memoryBytes: 1e9, diskBytes: 1 };

/** Groups g1 to g5 with a trial each, on two texts in turn; the first text in three slices. */
function plan(): Plan {
  const texts = [
    { name: "t1", slices: 3 },
    { name: "t2", slices: 1 },
  ] as Text[];
  const groups = [1, 2, 3, 4, 5].map((i) => ({
    name: `g${i}`,
    trials: [`d${i}`],
    text: `t${(i % 2) + 1}`,
  })) as unknown as Group[];
  const comparisons: Comparison[] = [{ name: "c1", a: "d2", b: "d4" }];
  const measures = { explain: {} } as Measures;
  const parts = partsOf(texts, groups, comparisons, measures).map((part) => ({ ...part, forecast }));
  return { texts, groups, comparisons, measures, parts } as unknown as Plan;
}

const naming = { name: "s", arraySize: 1001 };

function shown(
  study: Plan,
  {
    done = [],
    living = {},
    skip = [],
    arraySize = 1001,
  }: {
    done?: readonly string[];
    living?: Readonly<Record<string, string>>;
    skip?: readonly string[];
    arraySize?: number;
  } = {},
): string[] {
  const isDone = (name: string) => done.includes(name);
  const queued = new Map(
    Object.entries(living).map(([name, arrayJob]) => [name, { arrayJob } as QueuedJob] as const),
  );
  const wanted = study.parts
    .filter(({ name }) => !isDone(name) && !queued.has(name) && !skip.includes(name))
    .map((part) => ({ part, memoryBytes: null }));
  const arrays = jobArrays(study, { ...naming, arraySize }, wanted, queued, isDone);
  return arrays.map(({ name, parts, waits }, i) => {
    const tasks = taskRanges(parts.map((part) => taskOf(part, { ...naming, arraySize })));
    return `${i} ${name}[${tasks}] ${
      dependencyOf(
        waits,
        arrays.map((_, j) => `#${j}`),
      ) ?? ""
    }`.trim();
  });
}

test("a whole study: arrays follow each other element by element where they can", () => {
  expect(shown(plan())).toEqual([
    "0 s-tokenise[1-3]",
    "1 s-join[1] afterok:#0",
    "2 s-join[2]",
    "3 s-train[1,3,5] afterok:#2",
    "4 s-train[2,4] afterok:#1",
    "5 s-measure[1,3,5] aftercorr:#3",
    "6 s-measure[2,4] aftercorr:#4",
    "7 s-explain[1,3,5] aftercorr:#5",
    "8 s-explain[2,4] aftercorr:#6",
    "9 s-compare[1] afterok:#4",
    "10 s-report[1] afterok:#5,afterok:#6,afterok:#7,afterok:#8,afterok:#9",
  ]);
});

test("what is done is waited for by nobody, what is in the queue by its number", () => {
  const texts = ["tokenise-t1.0", "tokenise-t1.1", "tokenise-t1.2", "join-t1", "join-t2"];
  expect(
    shown(plan(), {
      done: [...texts, "train-g1", "measure-g1", "explain-g1", "train-g3"],
      living: { "train-g2": "70", "measure-g2": "71", "train-g4": "72" },
    }),
  ).toEqual([
    "0 s-train[5]",
    "1 s-measure[3]",
    "2 s-measure[4] aftercorr:72",
    "3 s-measure[5] aftercorr:#0",
    "4 s-explain[2] aftercorr:71",
    "5 s-explain[3] aftercorr:#1",
    "6 s-explain[4] aftercorr:#2",
    "7 s-explain[5] aftercorr:#3",
    "8 s-compare[1] afterok:70_2,afterok:72_4",
    "9 s-report[1] afterok:#1,afterok:71_2,afterok:#2,afterok:#3,afterok:#4,afterok:#5,afterok:#6,afterok:#7,afterok:#8".replace(
      "afterok:#1,afterok:71_2",
      "afterok:71_2,afterok:#1",
    ),
  ]);
});

test("where each part waits for others, all wait for all, in one array", () => {
  const study = plan();
  const compare = study.parts.find(({ stage }) => stage === "compare")!;
  const many = [1, 2, 3, 4, 5].map((i) => ({
    ...compare,
    name: `compare-c${i}`,
    index: i,
    needs: [`train-g${i}`],
  }));
  const parts = study.parts.filter(({ stage }) => stage !== "compare" && stage !== "report");
  const lines = shown({ ...study, parts: [...parts, ...many] });
  expect(lines.at(-1)).toBe("9 s-compare[1-5] afterok:#3,afterok:#4");
});

test("parts behind one that is not tried again are left out", () => {
  expect(shown(plan(), { skip: ["join-t1"] }).join()).not.toMatch(/train\[2|compare|report/);
});

test("arrays longer than the cluster allows are cut, and their elements keep their numbers apart", () => {
  const lines = shown(plan(), { arraySize: 2 });
  expect(lines.filter((line) => line.includes("-tokenise"))).toEqual([
    "0 s-tokenise[1]",
    "1 s-tokenise.1[0-1]",
  ]);
  expect(lines.find((line) => line.includes("s-join[1]"))).toMatch(/afterok:#0,afterok:#1$/);
  expect(jobName("train", 2, naming)).toBe("s-train.2");
});

test("parts that ask for more memory after a try are an array of their own", () => {
  const study = plan();
  const wanted = study.parts
    .filter(({ stage }) => stage === "tokenise")
    .map((part) => ({ part, memoryBytes: part.index === 2 ? 5e9 : null }));
  const arrays = jobArrays(study, naming, wanted, new Map(), () => false);
  expect(arrays.map(({ parts, memoryBytes }) => [parts.map(({ index }) => index), memoryBytes])).toEqual([
    [[1, 3], null],
    [[2], 5e9],
  ]);
});
