/** From answers to scores: who knows the unit scores 1, who says nothing or knows another unit scores nothing, and failures are counted. */

import { describe, expect, test } from "vitest";
import {
  activationsOf,
  type Excerpt,
  type UnitEvidence,
} from "../../../src/interpretation/evidence/passage.ts";
import { PROTOCOLS } from "../../../src/interpretation/protocols/protocols.ts";
import type { Task, Verdict } from "../../../src/interpretation/protocols/task.ts";
import { pearson, spearman } from "../../../src/statistics/correlation.ts";
import { CHANCE, type ScoredTask, type ScoreKind } from "../../../src/interpretation/scores/score.ts";
import { type Answers, scoreTask } from "../../../src/interpretation/scores/score-task.ts";
import { truthOf } from "../../../src/interpretation/scores/simulation-score.ts";
import { onToken, plantedText, plantedUnit } from "../protocols/planted-text.ts";

const DRAW = { seed: 1, unit: 7 };
const passage = plantedText(0, { contexts: 1500, document: 400 });
const unit = onToken(passage, 20);
const other = onToken(passage, 24);
const tasks = Object.values(PROTOCOLS).flatMap((protocol) => protocol.tasks(unit, "score", DRAW));
const simulations = tasks.filter((task) => task.type === "simulation");

/** Answers of whoever has the activations of `known` before him: what an explanation of it could at best lead to. */
function answersOf(task: Task, known: UnitEvidence, likely: (token: number) => boolean): Answers {
  const activations = (excerpt: Excerpt) => activationsOf(known.column, excerpt);
  const highest = Math.max(...known.column.values);
  const yes = (sure: boolean): Verdict => ({ yes: sure, probability: sure ? 0.9 : 0.2 });
  switch (task.type) {
    case "simulation":
      return task.excerpts.map((excerpt) =>
        Array.from(activations(excerpt), (f) => Math.min(task.scale, Math.floor((10 * f) / highest))),
      );
    case "detection":
      return task.items.map(({ excerpt }) => yes(activations(excerpt).some((f) => f > 0)));
    case "fuzzing":
      return task.items.map(({ excerpt, marked }) =>
        yes(marked.every((at) => activations(excerpt)[at]! > 0)),
      );
    case "intruder":
      return task.trials.map(({ excerpts }) => {
        const shares = excerpts.map((excerpt) => Math.max(...activations(excerpt)));
        return shares.indexOf(Math.min(...shares));
      });
    case "logits":
      return task.tokens.map((token) => yes(likely(token)));
  }
}

const values = (scored: readonly ScoredTask[]) =>
  Object.fromEntries(
    scored.flatMap(({ scores }) => scores).map((score) => [score.kind, score.value]),
  ) as Record<ScoreKind, number>;

const highest = new Set(unit.logits!.top.map(({ token }) => token));

describe("planted units", () => {
  test("whoever knows the unit scores 1", () => {
    const found = values(
      tasks.map((task) =>
        scoreTask(
          task,
          answersOf(task, unit, (token) => highest.has(token)),
          unit,
          DRAW,
        ),
      ),
    );
    expect(Object.keys(found)).toHaveLength(7);
    for (const value of Object.values(found)) expect(value).toBeGreaterThan(0.97);
  });

  test("whoever knows another unit scores as much as chance", () => {
    const found = values(
      tasks.map((task) =>
        scoreTask(
          task,
          answersOf(task, other, (token) => token % 2 === 0),
          unit,
          DRAW,
        ),
      ),
    );
    for (const [kind, value] of Object.entries(found)) {
      expect(Math.abs(value - CHANCE[kind as ScoreKind]), kind).toBeLessThan(0.15);
    }
  });

  test("whoever always says the same scores chance exactly, and it is said that he did", () => {
    for (const task of tasks) {
      if (task.type === "intruder") continue;
      const constant = (answersOf(task, unit, () => true) as unknown[]).map((answer) =>
        Array.isArray(answer) ? answer.map(() => 3) : { yes: true, probability: 0.7 },
      ) as Answers;
      for (const score of scoreTask(task, constant, unit, DRAW).scores) {
        expect([score.kind, score.value, score.degenerate]).toEqual([score.kind, CHANCE[score.kind], true]);
        if ("auc" in score.others) expect(score.others.auc).toBe(0.5);
      }
    }
  });

  test("a truth that is constant is worth 0", () => {
    const everywhere = plantedUnit(passage, () => 2);
    const [task] = PROTOCOLS["bills-2023"].tasks(everywhere, "score", DRAW);
    const [score] = scoreTask(
      task!,
      answersOf(task!, unit, () => true),
      everywhere,
      DRAW,
    ).scores;
    expect([score!.value, score!.degenerate]).toEqual([0, true]);
  });
});

describe("simulations", () => {
  const noisy = (task: Task) =>
    (answersOf(task, unit, () => true) as number[][]).map((list, i) =>
      list.map((value, j) => Math.round(value) + ((i * 7 + j * 3) % 5)),
    );

  test("Bricken et al. rank integers, Bills et al. correlate f, over all excerpts at once", () => {
    for (const task of simulations) {
      const simulated = noisy(task);
      const { scores, answers } = scoreTask(task, simulated, unit, DRAW);
      if (answers.type !== "simulation") throw new Error(answers.type);
      const flat = simulated.flat();
      expect(answers.real).toEqual(task.excerpts.map((excerpt) => [...activationsOf(unit.column, excerpt)]));
      if (task.scale === 9) {
        const weights = task.excerpts.flatMap(({ length }, i) =>
          Array.from({ length }, () => task.weights![i]!),
        );
        expect(scores[0]!.value).toBe(spearman(flat, answers.quantised.flat()).value);
        expect(scores[0]!.others).toEqual({
          pearson: pearson(flat, answers.quantised.flat()).value,
          spearman_raw: spearman(flat, answers.real.flat()).value,
        });
        expect(scores[1]!.value).toBe(spearman(flat, answers.quantised.flat(), weights).value);
      } else {
        expect(scores).toHaveLength(1);
        expect(scores[0]!.value).toBe(pearson(flat, answers.real.flat()).value);
        expect(scores[0]!.others.spearman).toBe(spearman(flat, answers.real.flat()).value);
      }
      for (const { value, interval, asked, failed } of scores) {
        expect(interval![0]).toBeLessThan(value!);
        expect(interval![1]).toBeGreaterThan(value!);
        expect([asked, failed]).toEqual([task.excerpts.length, 0]);
      }
    }
  });

  test("integers are of the highest f on the side, or of the records", () => {
    const [bricken, bills] = [9, 10].map((scale) => simulations.find((task) => task.scale === scale)!);
    const quantised = (task: (typeof simulations)[number]) => {
      const { answers } = scoreTask(task, noisy(task), unit, DRAW);
      return answers.type === "simulation" ? answers.quantised.flat() : [];
    };
    expect(Math.max(...quantised(bricken!))).toBe(9);
    expect(Math.max(...quantised(bills!))).toBe(10);
    const weak = { ...bricken!, excerpts: bricken!.excerpts.filter(({ interval }) => interval === 3) };
    expect(Math.max(...quantised(weak))).toBeLessThan(9);
  });

  test("the truth is that of the evidence given", () => {
    for (const task of simulations) {
      const score = (of: typeof task, evidence: UnitEvidence) => scoreTask(of, noisy(task), evidence, DRAW);
      const first = score(task, unit);
      expect(score(task, other)).toEqual(score({ ...task }, other));
      expect(score(task, other)).not.toEqual(first);
      expect(score(task, unit)).toEqual(first);
    }
  });

  test("sizes are compared in units of f", () => {
    const task = simulations.find(({ scale }) => scale === 10)!;
    const simulated = task.excerpts.map((excerpt) =>
      Array.from(activationsOf(unit.column, excerpt), (f) => f / 3),
    );
    const [score] = scoreTask(task, simulated, unit, DRAW).scores;
    const { highest: max } = truthOf(task, unit);
    expect(score!.others.r_squared).toBeCloseTo(1 - (1 - max / 30) ** 2, 9);
    expect(score!.others.absolute_deviation_explained).toBeCloseTo(1 - Math.abs(1 - max / 30), 9);
  });

  test("excerpts without a usable answer are left out and counted", () => {
    for (const task of simulations) {
      const simulated: (number[] | null)[] = noisy(task);
      const kept = { ...task, excerpts: task.excerpts.slice(3), weights: task.weights?.slice(3) ?? null };
      const without = scoreTask(kept, simulated.slice(3), unit, DRAW).scores;
      simulated[0] = null;
      simulated[1] = [...simulated[1]!, 0];
      simulated[2] = simulated[2]!.with(0, Number.NaN);
      const { scores, answers } = scoreTask(task, simulated, unit, DRAW);
      expect(scores.map(({ failed }) => failed)).toEqual(scores.map(() => 3));
      expect(answers.type === "simulation" && answers.simulated.slice(0, 4)).toEqual([
        null,
        null,
        null,
        simulated[3],
      ]);
      if (task.scale === 9) {
        expect(scores.map(({ value }) => value)).toEqual(without.map(({ value }) => value));
        expect(scores.map(({ interval }) => interval)).toEqual(without.map(({ interval }) => interval));
      }
    }
  });
});

test("without any usable answer there is no value", () => {
  for (const task of tasks) {
    const nothing = (answersOf(task, unit, () => true) as unknown[]).map(() => null);
    for (const score of scoreTask(task, nothing, unit, DRAW).scores) {
      expect([score.value, score.interval, score.failed]).toEqual([null, null, score.asked]);
      expect(score.asked).toBe(nothing.length);
    }
  }
});

describe("yes and no", () => {
  const detection = tasks.find(({ type }) => type === "detection")!;
  const right = answersOf(detection, unit, () => true) as Verdict[];

  test("failures are left out; one class alone has no balanced accuracy", () => {
    const verdicts = right.map((verdict, i) => (i < 10 ? null : verdict));
    const [score] = scoreTask(detection, verdicts, unit, DRAW).scores;
    expect([score!.value, score!.failed, score!.asked]).toEqual([1, 10, 100]);
    expect(score!.others).toEqual({ precision: 1, recall: 1, f1: 1, auc: 1 });
    const positives = right.map((verdict) => (verdict.yes ? verdict : null));
    const [half] = scoreTask(detection, positives, unit, DRAW).scores;
    expect([half!.value, half!.interval]).toEqual([null, null]);
  });

  test("the AUC is that of the probabilities as they are kept, in 32 bits", () => {
    const close = right.map((verdict) => ({ ...verdict, probability: verdict.yes ? 0.3 : 0.3 + 1e-12 }));
    const { scores, answers } = scoreTask(detection, close, unit, DRAW);
    expect(scores[0]!.others.auc).toBe(0.5);
    if (answers.type !== "detection") throw new Error(answers.type);
    expect(answers.verdicts.every((verdict) => verdict!.probability === Math.fround(0.3))).toBe(true);
  });

  test("without all probabilities there is no AUC", () => {
    const verdicts = right.map((verdict, i) => (i === 5 ? { ...verdict, probability: null } : verdict));
    expect(scoreTask(detection, verdicts, unit, DRAW).scores[0]!.others.auc).toBeNull();
    const odd = right.map((verdict, i) => (i === 5 ? { ...verdict, probability: Number.NaN } : verdict));
    expect(scoreTask(detection, odd, unit, DRAW).scores[0]).toMatchObject({
      value: 1,
      others: { auc: null },
    });
  });
});

test("an intruder that is none of those shown is no answer", () => {
  const task = tasks.find(({ type }) => type === "intruder")!;
  const answers = (answersOf(task, unit, () => true) as number[]).map(
    (answer, i) => [5, -1, 0.5, answer][Math.min(i, 3)]!,
  );
  const [score] = scoreTask(task, answers, unit, DRAW).scores;
  expect([score!.value, score!.failed]).toEqual([1, 3]);
  expect(score!.others.chance).toBeCloseTo(0.2, 12);
});
