/** All that is said of a unit, each with its score, and below them what the opened one was scored on. */

import type { Explanation } from "../../api.ts";
import { formatTime } from "../../../report/format.ts";
import { ScoreValue } from "../scores/score-value.tsx";
import { explainerWords } from "../../../report/scores/score-words.ts";
import { href, route } from "../shell/router.ts";
import { withQuery } from "../shell/route.ts";
import { Nothing } from "../shell/states.tsx";
import { plainText } from "../tokens/token-text.ts";
import { ExplanationEvidence } from "./explanation-evidence.tsx";

export interface ExplanationsViewProps {
  readonly explanations: readonly Explanation[];
  /** What the list shows of the unit. */
  readonly shown: string | null;
  readonly pathOf: (id: number) => string;
}

/** The address of a unit's page with this explanation opened. */
export function explanationAddress(id: number): string {
  return href(withQuery(route.value, { view: "explanations", explanation: String(id), at: null }));
}

export function ExplanationsView({ explanations, shown, pathOf }: ExplanationsViewProps) {
  if (explanations.length === 0)
    return (
      <Nothing title="Not explained yet">
        <p>
          <code>monosemantic explain RUN</code> writes explanations, predicts activations from them and scores
          the predictions.
        </p>
      </Nothing>
    );
  const wanted = route.value.query["explanation"];
  const open = openedOf(explanations, wanted === undefined ? null : Number(wanted), shown);
  return (
    <section class="explained" aria-label="Explanations">
      <ol class="explained-list">
        {explanations.map((one) => (
          <li key={one.id}>
            <a href={explanationAddress(one.id)} aria-current={one.id === open.id ? "true" : undefined}>
              <span class="explained-words">
                <bdi>{plainText(one.text)}</bdi>
              </span>
              <By explanation={one} dated />
            </a>
          </li>
        ))}
      </ol>
      <ExplanationEvidence path={pathOf(open.id)} />
    </section>
  );
}

/** The one that the address names; else the one that stands for the unit, if it was scored; else the first that was. */
export function openedOf(
  explanations: readonly Explanation[],
  id: number | null,
  shown: string | null,
): Explanation {
  const scored = explanations.filter(({ score }) => score !== null);
  return (
    explanations.find((one) => one.id === id) ??
    scored.find(({ text }) => text === shown) ??
    scored.find(({ chosen }) => chosen === true) ??
    scored[0] ??
    explanations[0]!
  );
}

/** Whose words they are, how well they predict, and whether they were chosen. */
export function By({ explanation, dated = false }: { explanation: Explanation; dated?: boolean }) {
  const { author, score, scoreKind, interval, chosen, created, interpretation } = explanation;
  return (
    <small class="by">
      {author === "person" ? "your words" : <bdi title={explainerWords(author)}>{plainText(author)}</bdi>}
      {score !== null && <ScoreValue value={score} interval={interval} kind={scoreKind} />}
      {chosen === true && (
        <i
          class="chosen"
          title="Chosen among the explainers of this unit on documents that nothing is scored on"
        >
          chosen
        </i>
      )}
      {dated && (
        <span class="dated">
          {interpretation !== null && interpretation !== undefined && (
            <>
              in <bdi>{plainText(interpretation)}</bdi>,{" "}
            </>
          )}
          {formatTime(created)}
        </span>
      )}
    </small>
  );
}
