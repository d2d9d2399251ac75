/** The texts that a unit is active in: the strongest, samples of every interval of its range, and any text. */

import { useMemo } from "preact/hooks";
import type { RunSummary, ShownContext, UnitPage } from "../../api.ts";
import { formatCount } from "../../../report/format.ts";
import { groupsOf, type Group } from "./example-groups.ts";
import { setBreaks, setWidth, toggleGroup, type ContextView } from "./context-view.ts";
import { exported } from "../data/data.ts";
import { placeKey, type Ablations } from "./use-ablations.ts";
import { Choice } from "../parts/choice.tsx";
import { ContextRow } from "./context-row.tsx";
import { brief, briefPercent } from "../charts/numbers.ts";

export interface ContextsProps {
  readonly page: UnitPage;
  readonly what: "feature" | "neuron";
  readonly view: ContextView;
  readonly ablations: Ablations;
  readonly live: RunSummary["live"];
}

/** What the colours mean. */
export function ContextKey({ what, ablations, page }: Pick<ContextsProps, "what" | "ablations" | "page">) {
  return (
    <span class="key">
      <span class="ramp" aria-hidden="true" /> activation
      {page.examples.some((example) => ablations.of(example) !== undefined) && (
        <span title="Change of a token's loss when it is taken away">
          <span class="line helps" aria-hidden="true" /> the {what} helps
          <span class="line hurts" aria-hidden="true" /> it hurts
          <small>, in full from {brief(ablations.fullFrom, 2)} nats</small>
        </span>
      )}
    </span>
  );
}

/** Examples of a group that are shown before it is opened. */
const FIRST = { top: 12, interval: 4, random: 6 };

export function Contexts({ page, what, view, ablations, live }: ContextsProps) {
  const { max, histogram } = page.statistics;
  const groups = useMemo(() => groupsOf(page.examples, max, histogram), [page]);
  const contexts = useMemo(
    () => new Map(page.contexts.map((context) => [placeKey(context), context])),
    [page],
  );
  return (
    <section class="contexts" aria-label="Contexts">
      <ContextControls view={view} ablations={ablations} page={page} groups={groups} live={live} />
      {groups.map((group) => (
        <ContextGroup
          key={group.id}
          group={group}
          all={page.examples}
          contexts={contexts}
          max={max}
          what={what}
          view={view}
          ablations={ablations}
          computable={live.possible && !exported}
        />
      ))}
    </section>
  );
}

type ControlProps = Omit<ContextsProps, "what"> & { readonly groups: readonly Group[] };

function ContextControls({ view, ablations, page, groups, live }: ControlProps) {
  const { progress, error } = ablations;
  const shown = groups.flatMap((group) => shownOf(group, view.open));
  const missing = new Set(shown.filter((example) => ablations.of(example) === undefined).map(placeKey)).size;
  const known = page.ablations.length > 0 || missing < new Set(shown.map(placeKey)).size;
  return (
    <div class="context-controls">
      <Choice
        label="Tokens at either side"
        value={view.width}
        options={[
          ["5", "±5"],
          ["10", "±10"],
          ["20", "±20"],
          ["all", "whole"],
        ]}
        onChange={setWidth}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={view.breaks}
          onChange={(event) => setBreaks(event.currentTarget.checked)}
        />
        break lines
      </label>
      <span class="ablate">
        {progress !== null ? (
          <>
            <progress value={progress.done} max={progress.total} />
            {progress.done} of {progress.total}
            <button type="button" onClick={ablations.stop}>
              Stop
            </button>
          </>
        ) : missing === 0 ? null : exported ? (
          <small>Ablations of {missing} contexts are not in this export.</small>
        ) : live.possible ? (
          <button type="button" onClick={() => ablations.compute(shown)}>
            {known ? `Ablate in ${missing} more` : "Ablate here"}
          </button>
        ) : (
          <small title={live.reason ?? undefined}>
            No ablation: {live.reason ?? "the model cannot be loaded"}
          </small>
        )}
        {error !== null && <span class="failed">{error}</span>}
      </span>
    </div>
  );
}

interface GroupProps {
  readonly group: Group;
  /** All examples of the unit: an interval may have its own among the strongest. */
  readonly all: UnitPage["examples"];
  readonly contexts: ReadonlyMap<string, ShownContext>;
  readonly max: number;
  readonly what: "feature" | "neuron";
  readonly view: ContextView;
  readonly ablations: Ablations;
  readonly computable: boolean;
}

function ContextGroup({ group, all, contexts, max, what, view, ablations, computable }: GroupProps) {
  const { id, title, range, share, examples } = group;
  const shown = shownOf(group, view.open);
  const more = examples.length - FIRST[group.group];
  return (
    <div class="context-group" id={id}>
      <h3>
        {title}
        <small>
          {range !== null && `${brief(range[0])} – ${brief(range[1])}`}
          {share !== null && ` · ${shareWords(share)} of active tokens`}
          {group.group === "top" && "contexts with the highest activations"}
          {group.group === "random" && "sampled from all tokens"}
        </small>
      </h3>
      {examples.length === 0 ? (
        <p class="quiet">{emptyWords(group, all)}</p>
      ) : (
        shown.map((example) => {
          const context = contexts.get(placeKey(example));
          if (context === undefined) return null;
          return (
            <ContextRow
              key={`${placeKey(example)}.${example.position}`}
              group={id}
              example={example}
              context={context}
              max={max}
              what={what}
              view={view}
              ablation={ablations.of(example)}
              fullFrom={ablations.fullFrom}
              onAblate={
                computable && ablations.progress === null ? () => ablations.compute([example]) : undefined
              }
            />
          );
        })
      )}
      {more > 0 && (
        <button type="button" class="more" onClick={() => toggleGroup(view.open, id)}>
          {view.open.includes(id) ? "Fewer" : `${formatCount(more)} more`}
        </button>
      )}
    </div>
  );
}

/** A context is shown once: what is among the strongest is not repeated in its interval. */
function emptyWords({ range, share }: Group, examples: UnitPage["examples"]): string {
  const above = examples.filter(
    ({ group, value }) =>
      group === "top" && range !== null && value > range[0] && value <= range[1] * (1 + 1e-6),
  ).length;
  if (above > 0)
    return above === 1 ? "Its example is among the strongest." : `${above} of the strongest are in it.`;
  return share === 0 ? "Never so active." : "No example.";
}

function shownOf(group: Group, open: readonly string[]): Group["examples"] {
  return open.includes(group.id) ? group.examples : group.examples.slice(0, FIRST[group.group]);
}

function shareWords(share: number): string {
  return share === 0 ? briefPercent(0) : `≈ ${briefPercent(share)}`;
}
