/** An explanation with its scores, and the text that it was scored on as the page shows it: tokens as text. */

import type { RawAnswers } from "../interpretation/scores/score.ts";
import type { Store, StoredAnswers } from "../store/store.ts";
import { short, shownExplanation } from "./answers.ts";
import type { ExplanationPage, ShownTask } from "./api.ts";

/** Undefined when there is no such explanation of a unit of this dictionary. */
export function explanationPage(store: Store, sae: string, id: number): ExplanationPage | undefined {
  const record = store.explanation(id);
  if (record === undefined || record.sae !== sae) return undefined;
  const text = (token: number) => store.tokenText(token);
  return {
    explanation: shownExplanation(record.explanation),
    details: record.explanation.details,
    scores: record.scores.map(({ answers: _answers, ...score }) => score),
    tasks: record.answers.map((answers) => shownTask(answers, text)),
  };
}

function shownTask({ raw, tokens }: StoredAnswers, text: (id: number) => string): ShownTask {
  const texts = tokens.map((ids) => ids.map(text));
  switch (raw.type) {
    case "simulation":
      return {
        type: raw.type,
        scale: raw.scale,
        excerpts: raw.excerpts.map(({ group, interval }, i) => ({
          group,
          interval,
          tokens: texts[i] ?? [],
          real: raw.quantised[i] ?? [],
          simulated: raw.simulated[i]?.map(short) ?? null,
        })),
      };
    case "intruder":
      return { type: raw.type, trials: shownTrials(raw, texts) };
    case "logits":
      return {
        type: raw.type,
        items: raw.tokens.map((token, i) => ({
          tokens: [text(token)],
          marked: [],
          label: raw.labels[i]!,
          ...verdictOf(raw.verdicts[i]),
        })),
      };
    default:
      return {
        type: raw.type,
        items: raw.excerpts.map((_, i) => ({
          tokens: texts[i] ?? [],
          marked: raw.marked[i] ?? [],
          label: raw.labels[i]!,
          ...verdictOf(raw.verdicts[i]),
        })),
      };
  }
}

/** Texts of all trials' excerpts stand one after the other. */
function shownTrials(
  { trials, answers }: Extract<RawAnswers, { type: "intruder" }>,
  texts: readonly (readonly string[])[],
) {
  let first = 0;
  return trials.map(({ excerpts, intruder }, i) => {
    const shown = excerpts.map((_, place) => texts[first + place] ?? []);
    first += excerpts.length;
    return { excerpts: shown, intruder, answer: answers[i] ?? null };
  });
}

function verdictOf(
  verdict: { readonly yes: boolean; readonly probability: number | null } | null | undefined,
) {
  const probability = verdict?.probability ?? null;
  return { yes: verdict?.yes ?? null, probability: probability === null ? null : short(probability) };
}
