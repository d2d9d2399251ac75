/** What may be concluded from features and their controls: never more than the intervals of the differences allow. */

import { describe, expect, test } from "vitest";
import { Random } from "../../../src/random.ts";
import type { SubjectName, SubjectScores } from "../../../src/interpretation/result.ts";
import { conclude } from "../../../src/interpretation/study/conclusion.ts";

/** Scores of 40 units (of `units`) around a mean. */
function subject(
  name: SubjectName,
  mean: number,
  { other, units = 40 }: { other?: number; units?: number } = {},
) {
  const column = (prediction: "own" | "other", centre: number) => {
    const random = Random.of(5, `${name} ${prediction}`);
    const values = Array.from({ length: units }, () => centre + 0.2 * random.normal());
    const low: number[] = [];
    return { kind: "bricken-2023" as const, explainer: "chosen", prediction, values, low, high: low };
  };
  const each = Array.from({ length: units }, (_, i) => i);
  return {
    subject: name,
    count: units,
    alive: units,
    tooRare: 0,
    tokens: 1000,
    units: each,
    density: each.map(() => 0.01),
    singleToken: each.map(() => false),
    chosen: each.map(() => "rule"),
    scores: [column("own", mean), ...(other === undefined ? [] : [column("other", other)])],
  } satisfies SubjectScores;
}

const concluded = (...subjects: SubjectScores[]) => conclude(subjects, "bricken-2023", "chosen", 0);
const features = subject("features", 0.6, { other: 0 });
const directions = subject("random-directions", 0.1);

describe("the conclusion", () => {
  test("explanations that do no better than others'", () => {
    const neurons = subject("neurons", 0.1);
    expect(concluded(subject("features", 0.6, { other: 0.6 }), neurons)).toMatch(
      /not clearly more than explanations of other features .*: by this score nothing shows that is particular/,
    );
    expect(concluded(subject("features", 0.1, { other: 0.6 }), neurons)).toMatch(
      /, less than explanations of other features/,
    );
  });

  test("without shuffled weights it cannot be said what the model does", () => {
    expect(concluded(features, subject("neurons", 0.1))).toMatch(
      /more than those of neurons .* it cannot be said how much/,
    );
  });

  test("no evidence where the control scores as high, and no more than that is said", () => {
    const equal = concluded(features, subject("neurons", 0.1), subject("shuffled-weights", 0.6), directions);
    expect(equal).toMatch(
      /, not clearly different from those of features of a dictionary .* no evidence .* though it tells features from neurons/,
    );
    expect(equal).not.toMatch(/at least as well/);
    expect(concluded(features, subject("neurons", 0.6), subject("shuffled-weights", 0.9))).toMatch(
      /, less than those of features of a dictionary .* no evidence that the dictionary found what the model computes\.$/,
    );
  });

  test("a higher mean of few units is not said to be none", () => {
    const few = concluded(features, subject("shuffled-weights", 0.5, { units: 3 }));
    expect(few).toMatch(/, not clearly different from those of features of a dictionary/);
    expect(few).not.toMatch(/as well/);
    expect(few).toMatch(/nothing shows that features are described better than where the model/);
  });

  test("a score that was asked for without explanations is not said to be theirs", () => {
    const asked = (other?: number) => {
      const { scores, ...rest } = subject("features", 0.6, other === undefined ? {} : { other });
      const columns = scores.map((column) => ({ ...column, kind: "intruder" as const }));
      return conclude([{ ...rest, scores: columns }], "intruder", "chosen", 0);
    };
    expect(asked()).toMatch(
      /from, 40 features score 0\.\d+ .* \(intruder; asked without explanations; guessing gets 0\.2\)/,
    );
    expect(asked(0)).toMatch(/from, explanations of 40 features score/);
  });

  test("easier than each control, or not than every one", () => {
    const shuffled = subject("shuffled-weights", 0.3);
    expect(concluded(features, subject("neurons", 0.1), shuffled, directions)).toMatch(
      /easier to describe than each control/,
    );
    expect(concluded(features, subject("neurons", 0.6), shuffled, directions)).toMatch(
      /but not than every control, so nothing shows that the basis/,
    );
  });
});
