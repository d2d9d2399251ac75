/** One score in a line of text: 0.62 [0.55, 0.68] bricken-2023, with what it measures in the tip. */

import { explainedBy } from "../run/evaluation-table.tsx";
import { definitionOf, intervalText, scoreText } from "../../../report/scores/score-words.ts";
import "./scores.css";

export interface ScoreValueProps {
  readonly value: number;
  readonly interval?: readonly [number, number] | null | undefined;
  readonly kind?: string | null | undefined;
}

export function ScoreValue({ value, interval, kind }: ScoreValueProps) {
  return (
    <span class="score-value">
      <b>{scoreText(value)}</b> {intervalText(interval)}{" "}
      {kind !== null && kind !== undefined && (
        <dfn tabIndex={0} {...explainedBy(`${definitionOf(kind)} Brackets: 95 % interval over excerpts.`)}>
          {kind}
        </dfn>
      )}
    </span>
  );
}
