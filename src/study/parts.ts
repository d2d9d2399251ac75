/** The parts of work that a study falls into, each with what it needs. */

import type { Comparison, Group, Measures, Part, Stage, Text } from "./plan.ts";

export type UnforeseenPart = Omit<Part, "forecast">;

/** In an order in which each comes behind all that it needs. */
export function partsOf(
  texts: readonly Text[],
  groups: readonly Group[],
  comparisons: readonly Comparison[],
  measures: Measures,
): UnforeseenPart[] {
  const slices = texts.flatMap(({ name, slices }) =>
    slices > 1 ? Array.from({ length: slices }, (_, slice) => ({ text: name, slice })) : [],
  );
  const tokenise = slices.map(({ text, slice }, i): UnforeseenPart => ({
    ...part("tokenise", `${text}.${slice}`, i + 1, [], text),
    slice,
  }));
  const join = texts.map(({ name }, i) =>
    part(
      "join",
      name,
      i + 1,
      tokenise.filter(({ subject }) => subject === name).map((needed) => needed.name),
    ),
  );
  const train = groups.map(({ name, text }, i) => part("train", name, i + 1, [`join-${text}`]));
  const measure = groups.map(({ name }, i) => part("measure", name, i + 1, [`train-${name}`]));
  const explain =
    measures.explain === null
      ? []
      : groups.map(({ name }, i) => part("explain", name, i + 1, [`measure-${name}`]));
  const groupOf = (trial: string) => groups.find(({ trials }) => trials.includes(trial))!.name;
  const compare = comparisons.map(({ name, a, b }, i) =>
    part("compare", name, i + 1, [...new Set([`train-${groupOf(a)}`, `train-${groupOf(b)}`])]),
  );
  const ends = [...measure, ...explain, ...compare].map(({ name }) => name);
  const report: UnforeseenPart = { name: "report", stage: "report", index: 1, needs: ends, subject: "" };
  return [...tokenise, ...join, ...train, ...measure, ...explain, ...compare, report];
}

function part(
  stage: Stage,
  what: string,
  index: number,
  needs: readonly string[],
  subject = what,
): UnforeseenPart {
  return { name: `${stage}-${what}`, stage, index, needs, subject };
}
