/** How sure one can be of what the page says: on how much text it rests, and what its other reading could be. */

import type { SaeSummary, UnitPage } from "../../api.ts";
import type { UnitKind } from "../../../features/units.ts";
import { formatCount, formatTokens } from "../../../report/format.ts";
import { documentsOf } from "./example-groups.ts";
import { href, there } from "../shell/router.ts";
import { plainText } from "../tokens/token-text.ts";
import { Card } from "../parts/card.tsx";
import { brief } from "../charts/numbers.ts";
import { ScoreValue } from "../scores/score-value.tsx";

export interface CertaintyProps {
  readonly page: UnitPage;
  readonly kind: UnitKind;
  readonly sae: SaeSummary;
}

export function Certainty({ page, kind, sae }: CertaintyProps) {
  const { statistics, row, examples, explanations, nearest, alignment } = page;
  const analysis = sae.analyses.find((one) => one.kind === kind);
  const control = kind === "feature" ? (nearest.neurons[0] ?? alignment?.[0])?.index : undefined;
  const controlled = sae.analyses.some((one) => one.kind === "neuron");
  const top = examples.filter(({ group }) => group === "top");
  const scored = explanations.filter(({ score }) => score !== null);
  const standing = scored.find(({ score }) => score === row.score) ?? scored[0];
  return (
    <Card title="How sure">
      <dl class="sure">
        <dt>Text</dt>
        <dd>
          {formatTokens(statistics.tokens)} tokens
          {analysis !== undefined && (
            <>
              : {formatTokens(analysis.tokens.train)} of training, {formatTokens(analysis.tokens.heldout)}{" "}
              held out
            </>
          )}
          . What is rarer than one in {formatTokens(statistics.tokens)} cannot be seen.
        </dd>
        <dt>Active</dt>
        <dd>
          on {formatCount(statistics.active)} of them
          {top.length > 1 && `; the ${top.length} strongest contexts are from ${documentsOf(top)} documents`}.
        </dd>
        <dt>Single token</dt>
        <dd>
          {row.singleToken === null
            ? "Unknown: it was active in fewer than 20 different contexts."
            : row.singleToken
              ? "Yes: the same token is strongest in all of its 20 strongest contexts. A lookup of that token may be all it is."
              : "No: its 20 strongest contexts have several tokens."}
        </dd>
        <dt>Entropy</dt>
        <dd>
          {row.entropy === null
            ? "Unknown: not active in the sample for token tables."
            : `${brief(row.entropy)} bits over the tokens that it is active on, as many as ${brief(2 ** row.entropy, 2)} equally frequent ones.`}
        </dd>
        <dt>Explanation</dt>
        <dd>
          {standing === undefined ? (
            "Not scored."
          ) : (
            <>
              <ScoreValue value={standing.score!} interval={standing.interval} kind={standing.scoreKind} />{" "}
              <bdi>{plainText(standing.author)}</bdi>, on documents that it was not made from
              {scored.length > 1 && `; ${formatCount(scored.length - 1)} more are scored`}.
            </>
          )}
        </dd>
        {control !== undefined && controlled && (
          <>
            <dt>Control</dt>
            <dd>
              <a href={href(there({ page: "unit", unit: { kind: "neuron", index: control } }))}>
                Neuron {control} on the same page
              </a>
              ,{" "}
              {nearest.neurons.length > 0
                ? "the one most often active with it"
                : "the one nearest to its direction"}
              : is the feature clearer?
            </dd>
          </>
        )}
      </dl>
    </Card>
  );
}
