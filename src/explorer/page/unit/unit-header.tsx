/** The head of a unit's page: which one it is, what is said of it, its numbers, and the way to others. */

import type { ComponentChildren } from "preact";
import type { UnitPage } from "../../api.ts";
import type { UnitKind } from "../../../features/units.ts";
import { formatCount } from "../../../report/format.ts";
import { lastList } from "../shell/last-list.ts";
import { keptDisplay } from "../shell/kept-display.ts";
import { go, href, there } from "../shell/router.ts";
import { TokenChip } from "../tokens/token.tsx";
import { Explanations } from "./explanation.tsx";
import { brief, briefPercent } from "../charts/numbers.ts";
import { intervalText, scoreText } from "../../../report/scores/score-words.ts";

export interface UnitHeaderProps {
  readonly page: UnitPage;
  readonly kind: UnitKind;
  readonly index: number;
  readonly count: number | null;
  readonly path: string;
  readonly onWritten: () => void;
}

export function UnitHeader({ page, kind, index, count, path, onWritten }: UnitHeaderProps) {
  const { row, statistics, explanations } = page;
  return (
    <header class="unit-header">
      <div class="unit-way">
        <a href={lastList(kind)}>← {kind === "neuron" ? "All neurons" : "All features"}</a>
        <Steps kind={kind} index={index} count={count} />
      </div>
      <div class="unit-title">
        <h1>
          <small>{kind === "neuron" ? "Neuron" : "Feature"}</small> {index}
        </h1>
        <div class="unit-said">
          {row.explanation === null && (
            <p class="unit-chips">
              {row.tokens.slice(0, 7).map((token, at) => (
                <TokenChip key={at} token={token} />
              ))}
            </p>
          )}
          <Explanations
            path={path}
            shown={row.explanation}
            explanations={explanations}
            onWritten={onWritten}
          />
        </div>
      </div>
      <dl class="facts">
        <Fact name="Density" below={oneIn(statistics.active, statistics.tokens)}>
          {briefPercent(statistics.density, 3)}
        </Fact>
        <Fact
          name="Maximum"
          below={statistics.active === 0 ? "" : `mean ${brief(statistics.mean)} where active`}
        >
          {brief(statistics.max)}
        </Fact>
        <Fact name="Token entropy" below={row.entropy === null ? "not in the sample" : "bits"}>
          {row.entropy === null ? "–" : brief(row.entropy)}
        </Fact>
        <Fact
          name="Single token"
          below={row.singleToken === null ? "too few contexts" : "in its strongest contexts"}
        >
          {row.singleToken === null ? "–" : row.singleToken ? "yes" : "no"}
        </Fact>
        <Fact name="Score" below={row.score === null ? "not scored" : scoreWords(row.score, explanations)}>
          {scoreText(row.score)}
        </Fact>
      </dl>
    </header>
  );
}

function Fact({ name, below, children }: { name: string; below: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children}
        <small>{below}</small>
      </dd>
    </div>
  );
}

/** The interval of the score that stands for the unit, and its kind. */
function scoreWords(score: number, explanations: UnitPage["explanations"]): string {
  const of = explanations.find((one) => one.score === score);
  const words = [intervalText(of?.interval), of?.scoreKind ?? ""].filter((part) => part !== "").join(" ");
  return words === "" ? "of its explanation" : words;
}

function Steps({ kind, index, count }: { kind: UnitKind; index: number; count: number | null }) {
  const to = (next: number) => there({ page: "unit", unit: { kind, index: next }, query: keptDisplay() });
  const last = count === null ? Infinity : count - 1;
  return (
    <span class="steps">
      {index > 0 && (
        <a href={href(to(index - 1))} rel="prev" title="The one before: [">
          ‹ {index - 1}
        </a>
      )}
      {index < last && (
        <a href={href(to(index + 1))} rel="next" title="The one after: ]">
          {index + 1} ›
        </a>
      )}
      {count !== null && (
        <button type="button" class="quiet-button" onClick={() => go(to(Math.floor(Math.random() * count)))}>
          Any
        </button>
      )}
    </span>
  );
}

function oneIn(active: number, tokens: number): string {
  if (active === 0) return `never in ${formatCount(tokens)} tokens`;
  return `one in ${formatCount(Math.round(tokens / active))} tokens`;
}
