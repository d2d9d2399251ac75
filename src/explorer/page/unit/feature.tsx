/**
 * A feature, or a neuron as its control: what it responds to (contexts, tokens), what it does (logits, ablation, steering), and how
 * sure one can be of either.
 */

import { useEffect } from "preact/hooks";
import type { SaeSummary, UnitPage } from "../../api.ts";
import type { UnitKind } from "../../../features/units.ts";
import { ActivationHistogram } from "./histogram.tsx";
import { Card } from "../parts/card.tsx";
import { Certainty } from "./certainty.tsx";
import { Choice } from "../parts/choice.tsx";
import { ExplanationsView } from "./explanations-view.tsx";
import { ContextKey, Contexts } from "./contexts.tsx";
import { Logits } from "./logits.tsx";
import { Neighbours } from "./neighbours.tsx";
import { Proxies } from "./proxies.tsx";
import { Steer } from "../steer/unit-steering.tsx";
import { UnitHeader } from "./unit-header.tsx";
import { UnitTokens } from "./unit-tokens.tsx";
import { formatCount, formatTokens } from "../../../report/format.ts";
import { contextView } from "./context-view.ts";
import { prefetch } from "../data/data.ts";
import { keptDisplay } from "../shell/kept-display.ts";
import { lastList } from "../shell/last-list.ts";
import type { PageProps } from "../page.ts";
import { go, route, setQuery, there } from "../shell/router.ts";
import { saePath } from "../shell/runs.ts";
import { Nothing, Problem, Waiting } from "../shell/states.tsx";
import { useAblations } from "./use-ablations.ts";
import { useApi } from "../data/use-api.ts";

const VIEWS = ["contexts", "experiments", "explanations"] as const;
type View = (typeof VIEWS)[number];

export function FeaturePage({ run, sae }: PageProps) {
  const { unit } = route.value;
  if (unit === null || sae === null) return null;
  const { kind, index } = unit;
  const pathOf = (of: UnitKind, number: number) => saePath(run.id, sae.name, `units/${of}/${number}`);
  return <Unit key={`${run.id}/${sae.name}`} run={run} sae={sae} kind={kind} index={index} pathOf={pathOf} />;
}

interface UnitProps extends PageProps {
  readonly sae: SaeSummary;
  readonly kind: UnitKind;
  readonly index: number;
  readonly pathOf: (kind: UnitKind, index: number) => string;
}

function Unit({ run, sae, kind, index, pathOf }: UnitProps) {
  const path = pathOf(kind, index);
  const count = sae.analyses.find((one) => one.kind === kind)?.count ?? null;
  const isBeyond = count !== null && index >= count;
  const answer = useApi<UnitPage>(isBeyond ? null : path);
  useStepKeys(kind, index, count);
  useEffect(() => {
    if (answer.data === undefined || answer.stale) return;
    if (count === null || index + 1 < count) prefetch(pathOf(kind, index + 1));
    if (index > 0) prefetch(pathOf(kind, index - 1));
  }, [path, answer.stale, answer.data === undefined]);

  if (isBeyond)
    return (
      <Nothing title={`There is no ${kind} ${formatCount(index)}`}>
        <p>
          The last one is {formatCount(count - 1)}. <a href={lastList(kind)}>To the list</a>
        </p>
      </Nothing>
    );
  if (answer.error !== null)
    return (
      <Problem error={answer.error} again={answer.again}>
        <a href={lastList(kind)}>To the list</a>
      </Problem>
    );
  if (answer.data === undefined) return <Waiting what={`Opening ${kind} ${index}`} />;
  const { data } = answer;
  // The page before stays until the next one is there; its number must not be the new one's meanwhile.
  const shown = answer.stale ? data.row.index : index;
  return (
    <div class={answer.stale ? "unit stale" : "unit"}>
      <UnitHeader page={data} kind={kind} index={shown} count={count} path={path} onWritten={answer.again} />
      <UnitBody run={run} sae={sae} kind={kind} index={shown} page={data} pathOf={pathOf} />
    </div>
  );
}

function UnitBody({ run, sae, kind, index, page, pathOf }: UnitProps & { readonly page: UnitPage }) {
  const { query } = route.value;
  const { statistics } = page;
  const view: View = VIEWS.find((one) => one === query["view"]) ?? "contexts";
  const logarithmic = query["counts"] !== "linear";
  const ablations = useAblations(pathOf(kind, index), page.ablations);
  const context = contextView(query);
  return (
    <div class="unit-columns">
      <div class="evidence">
        {statistics.active > 0 && (
          <Card
            title="How active"
            controls={
              <Choice
                label="Scale of the counts"
                value={logarithmic ? "log" : "linear"}
                options={[
                  ["log", "log"],
                  ["linear", "linear"],
                ]}
                onChange={(scale) => setQuery({ counts: scale === "log" ? null : scale })}
              />
            }
          >
            <ActivationHistogram
              histogram={statistics.histogram}
              max={statistics.max}
              logarithmic={logarithmic}
              onInterval={(interval) =>
                document.getElementById(`interval-${interval}`)?.scrollIntoView({ block: "start" })
              }
            />
          </Card>
        )}
        <Logits logits={page.logits} />
        <UnitTokens tokens={page.tokens} max={statistics.max} />
        <Neighbours page={page} kind={kind} pathOf={pathOf} />
        <Proxies proxies={page.proxies} />
        <Certainty page={page} kind={kind} sae={sae} />
      </div>
      <div class="behaviour">
        <div class="views">
          <Choice<View>
            label="What to show"
            value={view}
            options={[
              ["contexts", "Contexts"],
              ["experiments", "Experiments"],
              ["explanations", "Explanations"],
            ]}
            onChange={(next) => setQuery({ view: next === "contexts" ? null : next }, false)}
          />
          {view === "contexts" && statistics.active > 0 && (
            <ContextKey what={kind} ablations={ablations} page={page} />
          )}
        </div>
        {view === "experiments" ? (
          <Steer run={run} sae={sae} kind={kind} index={index} max={statistics.max} />
        ) : view === "explanations" ? (
          <ExplanationsView
            explanations={page.explanations}
            shown={page.row.explanation}
            pathOf={(id) => saePath(run.id, sae.name, `explanations/${id}`)}
          />
        ) : statistics.active === 0 ? (
          <Nothing title="Never active">
            <p>
              It was 0 on every one of {formatTokens(statistics.tokens)} tokens, so there is nothing to show
              it in.
            </p>
          </Nothing>
        ) : (
          <Contexts page={page} what={kind} view={context} ablations={ablations} live={run.live} />
        )}
      </div>
    </div>
  );
}

/** [ and ] lead to the unit before and after. */
function useStepKeys(kind: UnitKind, index: number, count: number | null): void {
  useEffect(() => {
    const step = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const next = event.key === "]" ? index + 1 : event.key === "[" ? index - 1 : null;
      if (next === null || next < 0 || (count !== null && next >= count)) return;
      go(there({ page: "unit", unit: { kind, index: next }, query: keptDisplay() }));
    };
    addEventListener("keydown", step);
    return () => removeEventListener("keydown", step);
  }, [kind, index, count]);
}
