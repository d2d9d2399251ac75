/** What the comparison of features with their controls allows one to conclude, in one sentence, and no more than that. */

import { type ScoreColumn, type Split, SUBJECTS, type SubjectName, type SubjectScores } from "../result.ts";
import { differenceOfMeans, summariseColumn } from "../scores/mean-interval.ts";
import { CHANCE, type ScoreKind } from "../scores/score.ts";
import { valuesOf } from "./summary.ts";

const NAMES: Readonly<Record<Exclude<SubjectName, "features">, string>> = {
  neurons: "neurons of the layer",
  "shuffled-weights": "features of a dictionary of the same model with shuffled weights",
  "random-directions": "random directions that are active as rarely",
};

/** @param explainer whose scores stand for the whole: "chosen", or the only one */
export function conclude(
  subjects: readonly SubjectScores[],
  kind: ScoreKind,
  explainer: string,
  seed: number,
): string {
  const values = (
    subject: SubjectName,
    prediction: ScoreColumn["prediction"] = "own",
    split: Split = "all",
  ) => {
    const scores = subjects.find((one) => one.subject === subject);
    const column = scores?.scores.find(
      (one) => one.kind === kind && one.explainer === explainer && one.prediction === prediction,
    );
    return scores && column ? valuesOf(scores, column, split) : [];
  };
  const own = values("features");
  const { mean, interval } = summariseColumn(own, seed);
  if (mean === null) return "No feature could be scored, so nothing can be concluded.";
  const place = summariseColumn(values("features", "place"), seed).mean;
  const other = values("features", "other");
  // The one question that a language model is asked without the explanation: then there are no answers by another's either.
  const [who, chance] =
    kind === "intruder" && other.length === 0
      ? [count(own.length, "feature"), `asked without explanations; guessing gets ${CHANCE[kind]}`]
      : [
          `explanations of ${count(own.length, "feature")}`,
          `an explanation that says nothing gets ${CHANCE[kind]}${place === null ? "" : `, one that says only which token of an excerpt is its middle ${number(place)}`}`,
        ];
  const score = `On documents that they were not made from, ${who} score ${number(mean)}${
    interval ? ` [${number(interval[0])}, ${number(interval[1])}]` : ""
  } on average (${kind}; ${chance})`;

  const particular = compare(own, other, seed);
  const others = number(summariseColumn(other, seed).mean ?? 0);
  if (particular === "same" || particular === "less") {
    const relation = particular === "less" ? "less than" : "not clearly more than";
    return `${score}, ${relation} explanations of other features do on them (${others}): by this score nothing shows that is particular to their features.`;
  }

  /** Bricken et al. 2023: dictionaries of shuffled models have many features of single tokens, which are easy to describe. */
  const beyondTokens = () => {
    const shuffled = controls.find((control) => control.name === "shuffled-weights")?.relation;
    if (shuffled === undefined || shuffled === "unknown") return "";
    const [mine, theirs] = [values("features", "own", "other"), values("shuffled-weights", "own", "other")];
    const relation = compare(mine, theirs, seed);
    if (relation === "unknown" || (relation === "more") === (shuffled === "more")) return "";
    const [a, b] = [mine, theirs].map((list) => number(summariseColumn(list, seed).mean!));
    const those = `; among those that are not about a single token, though, features are`;
    return relation === "more"
      ? `${those} described better than that model's (${a} against ${b})`
      : `${those} not clearly described better than that model's (${a} against ${b})`;
  };
  const controls = SUBJECTS.flatMap((name) => {
    if (name === "features") return [];
    const theirs = values(name);
    const average = summariseColumn(theirs, seed).mean;
    return average === null ? [] : [{ name, average, relation: compare(own, theirs, seed) }];
  });
  const part = (relation: Relation, words: string) => {
    const list = controls
      .filter((one) => one.relation === relation)
      .map(({ name, average }) => `${NAMES[name]} (${number(average)})`);
    return list.length === 0 ? [] : [`${words} ${list.join(", ")}`];
  };
  const byPlace = place !== null && compare(own, values("features", "place"), seed) !== "more";
  const comparison = [
    ...(byPlace ? ["not clearly more than the middle alone gets"] : []),
    ...(particular === "more" ? [`more than explanations of other features do on them (${others})`] : []),
    ...part("more", "more than those of"),
    ...part("same", "not clearly different from those of"),
    ...part("less", "less than those of"),
    ...part("unknown", "with too few to compare of"),
  ].join(", ");
  if (comparison === "")
    return `${score}; there is nothing to compare that with, so nothing more can be concluded.`;
  return `${score}, ${comparison}: ${consequence(controls)}${beyondTokens()}.`;
}

type Relation = "more" | "same" | "less" | "unknown";

interface Control {
  readonly name: Exclude<SubjectName, "features">;
  readonly relation: Relation;
}

function consequence(controls: readonly Control[]): string {
  const of = (name: Control["name"]) => controls.find((control) => control.name === name)?.relation;
  const shuffled = of("shuffled-weights");
  const others = controls.filter(({ name }) => name !== "shuffled-weights");
  const beaten = others.length > 0 && others.every(({ relation }) => relation === "more");
  if (shuffled === undefined || shuffled === "unknown") {
    return "without the control of shuffled weights it cannot be said how much of this is the trained model's doing and how much the text's alone";
  }
  if (shuffled !== "more") {
    const where =
      shuffled === "same"
        ? "nothing shows that features are described better than where the model has learnt nothing"
        : "features are described better where the model has learnt nothing";
    return `${where}, so this score by itself is no evidence that the dictionary found what the model computes${beaten ? ", though it tells features from neurons and from random directions" : ""}`;
  }
  return beaten
    ? "they are easier to describe than each control, which is what features that mean one thing would look like; what they do to the output is another question"
    : "they are easier to describe than those of a model that has learnt nothing, but not than every control, so nothing shows that the basis of the dictionary makes the difference";
}

/** Whether the mean of `own` is above that of `theirs`: by the 95 % interval of the difference. */
function compare(own: readonly number[], theirs: readonly number[], seed: number): Relation {
  const interval = differenceOfMeans(own, theirs, seed)?.interval ?? null;
  if (interval === null) return "unknown";
  return interval[0] > 0 ? "more" : interval[1] < 0 ? "less" : "same";
}

function number(value: number): string {
  const text = value.toFixed(2);
  return text === "-0.00" ? "0.00" : text;
}

function count(n: number, what: string): string {
  return `${n.toLocaleString("en-US")} ${what}${n === 1 ? "" : "s"}`;
}
