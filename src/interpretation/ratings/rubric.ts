/**
 * The rubric of Bricken et al. 2023 by which people rate one activation interval of one unit without knowing which unit it is:
 *
 *     confidence 0–3 · high activations 0–5 · logits 0–3 · separation 0/1 · specificity 0–3          14 at most
 *
 * Separation asks how inconsistent logits differ from consistent ones, so it does not apply where all are consistent (3 points).
 */

/** Points; `separation` is null where logits is 3. */
export interface Rubric {
  readonly confidence: number;
  readonly activations: number;
  readonly logits: number;
  readonly separation: number | null;
  readonly specificity: number;
}

export interface Criterion {
  readonly key: keyof Rubric;
  readonly title: string;
  readonly question: string;
  /** What each number of points stands for, from 0. */
  readonly levels: readonly string[];
}

export const CRITERIA: readonly Criterion[] = [
  {
    key: "confidence",
    title: "Confidence",
    question: "How confident are you in your interpretation?",
    levels: ["none: no interpretation", "a guess", "fairly confident", "certain"],
  },
  {
    key: "activations",
    title: "High activations",
    question: "How consistent are the active tokens of this interval with it?",
    levels: ["not at all", "a few of them", "less than half", "more than half", "nearly all", "all of them"],
  },
  {
    key: "logits",
    title: "Logits",
    question: "How consistent are the tokens that it makes more likely with it?",
    levels: ["not at all", "some of them", "most of them", "all of them"],
  },
  {
    key: "separation",
    title: "Separation",
    question: "Are the consistent logits separated from the inconsistent ones by their size?",
    levels: ["no", "yes"],
  },
  {
    key: "specificity",
    title: "Specificity",
    question: "How specific is your interpretation?",
    levels: ["it could be anything", "a broad theme", "a narrow theme", "exactly these tokens or contexts"],
  },
];

/** The most that can be had. */
export const MOST_POINTS = 14;

/** Sum of the points. */
export function totalOf({ confidence, activations, logits, separation, specificity }: Rubric): number {
  return confidence + activations + logits + (separation ?? 0) + specificity;
}

/** What is wrong with the points, in one sentence; undefined when nothing is. */
export function rubricProblem(points: Rubric): string | undefined {
  for (const { key, levels } of CRITERIA) {
    const value = points[key];
    const most = levels.length - 1;
    if (key === "separation" && (points.logits === mostLogits()) !== (value === null)) {
      return value === null
        ? `separation: 0 or 1 is wanted where logits has fewer than ${mostLogits()} points`
        : `separation: does not apply where logits has ${mostLogits()} points, and has to be null there`;
    }
    if (value === null && key === "separation") continue;
    if (Number.isInteger(value) && value! >= 0 && value! <= most) continue;
    return `${key}: found ${String(value)}, expected a whole number from 0 to ${most}`;
  }
  return undefined;
}

/** All of them are consistent. */
function mostLogits(): number {
  return CRITERIA.find(({ key }) => key === "logits")!.levels.length - 1;
}
