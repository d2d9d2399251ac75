/**
 * The list of all features, or neurons: only the rows in view are drawn and asked for, so 98,304 are like ten. Arrows move through it,
 * Enter opens, / searches. The row one was at is in the address.
 */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { SaeSummary, Sort } from "../../api.ts";
import { formatCount } from "../../../report/format.ts";
import { choose, ListControls, sortBy } from "./list-controls.tsx";
import { ListRow } from "./list-row.tsx";
import { NotAnalysed } from "../parts/not-analysed.tsx";
import { rememberList } from "../shell/last-list.ts";
import { choiceOf, descends, listParameters, type ListChoice } from "../data/list-query.ts";
import type { PageProps } from "../page.ts";
import { go, route, setQuery, there } from "../shell/router.ts";
import { saePath } from "../shell/runs.ts";
import { Nothing, Problem, Waiting } from "../shell/states.tsx";
import { useRows } from "./use-rows.ts";
import { scoreTip } from "./score-tip.tsx";
import { rowAfter, rowsSeen, scrollFor } from "./virtual.ts";

/** Heights of a row, as the style sheet has them. */
const ROW = 46;
const CARD = 112;
const NARROW = matchMedia("(max-width: 760px)");
const SPARE = 6;

export function FeaturesPage({ run, sae }: PageProps) {
  const choice = choiceOf(route.value.query);
  useEffect(rememberList, [route.value]);
  if (sae === null) return null;
  const kinds = sae.analyses.map(({ kind }) => kind);
  if (kinds.length === 0) return <NotAnalysed run={run} does="finds out what its features respond to" />;
  return (
    <div class="list-page">
      <ListControls choice={choice} kinds={kinds} />
      <List
        key={`${run.id}/${sae.name}/${choice.kind}`}
        choice={choice}
        sae={sae}
        path={saePath(run.id, sae.name, "units")}
      />
    </div>
  );
}

interface ListProps {
  readonly choice: ListChoice;
  readonly sae: SaeSummary;
  readonly path: string;
}

function List({ choice, sae, path }: ListProps) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800, rowHeight: NARROW.matches ? CARD : ROW });
  const { row: at } = route.value.query;
  const current = at !== undefined && /^\d+$/.test(at) ? Number(at) : null;
  const { rowHeight } = view;
  const analysis = sae.analyses.find(({ kind }) => kind === choice.kind);
  const [guess, setGuess] = useState(Infinity);
  const seen = rowsSeen(view.top, view.height, rowHeight, guess, SPARE);
  const rows = useRows(path, choice, seen);
  const { total } = rows;
  useEffect(() => setGuess(total ?? Infinity), [total]);

  useLayoutEffect(() => {
    const measure = () =>
      setView({
        top: box.current?.scrollTop ?? 0,
        height: box.current?.clientHeight ?? 800,
        rowHeight: NARROW.matches ? CARD : ROW,
      });
    measure();
    const observer = new ResizeObserver(measure);
    if (box.current !== null) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);

  // Where the address says, once, when there is something to scroll; from there on scrolling is the reader's.
  const ready = total !== null;
  useLayoutEffect(() => {
    if (ready && current !== null && box.current !== null)
      box.current.scrollTop = Math.max(0, current * rowHeight - box.current.clientHeight / 3);
  }, [ready]);
  const list = listParameters(choice, 0);
  const before = useRef(list);
  useLayoutEffect(() => {
    if (before.current !== list && box.current !== null) box.current.scrollTop = 0;
    before.current = list;
  }, [list]);

  const unitPath = (index: number) => `${path}/${choice.kind}/${index}`;
  const openCurrent = () => {
    const row = current === null ? undefined : rows.row(current);
    if (row !== undefined) go(there({ page: "unit", unit: { kind: choice.kind, index: row.index } }));
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") return openCurrent();
    const screen = Math.max(1, Math.floor(view.height / rowHeight) - 1);
    const next = rowAfter(event.key, current ?? -1, total ?? 0, screen);
    if (next === undefined || total === null || total === 0) return;
    event.preventDefault();
    setQuery({ row: String(next) });
    if (box.current !== null)
      box.current.scrollTop = scrollFor(next, box.current.scrollTop, box.current.clientHeight, rowHeight);
  };

  // Arrows reach the list from anywhere on the page where they mean nothing else.
  const fromBody = useRef(onKey);
  fromBody.current = onKey;
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const { target } = event;
      const isSearch =
        target instanceof HTMLInputElement && target.type === "search" && event.key === "ArrowDown";
      if (target !== document.body && !isSearch) return;
      fromBody.current(event);
      if (event.defaultPrevented) box.current?.focus({ preventScroll: true });
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);

  const drawn = [];
  let scored: string | null = null;
  for (let row = seen.first; row < Math.min(seen.end, total ?? 0); row++) {
    const shown = rows.row(row);
    if (scored === null && shown !== undefined && shown.score !== null) scored = unitPath(shown.index);
    drawn.push(
      <ListRow
        key={row}
        row={shown}
        kind={choice.kind}
        at={row}
        top={row * rowHeight}
        current={row === current}
        pathOf={unitPath}
      />,
    );
  }
  return (
    <>
      <div class="list-head">
        <Head choice={choice} sort="index" words="number" />
        <span>activations</span>
        <span>active on</span>
        <span class="raised">makes likely</span>
        <Head choice={choice} sort="density" words="density" />
        <Head choice={choice} sort="max" words="max" />
        <Head choice={choice} sort="entropy" words="entropy" />
        <Head choice={choice} sort="score" words="score" tip={scoreTip(scored)} />
      </div>
      <div
        ref={box}
        class="list"
        tabIndex={0}
        role="listbox"
        aria-label={choice.kind === "neuron" ? "Neurons" : "Features"}
        aria-activedescendant={current === null ? undefined : `row-${current}`}
        onScroll={(event) => setView({ ...view, top: event.currentTarget.scrollTop })}
        onKeyDown={onKey}
      >
        {rows.error !== null ? (
          <Problem error={rows.error} again={rows.again} />
        ) : total === null ? (
          <Waiting what="Looking" />
        ) : total === 0 ? (
          <Nothing title="Nothing found">
            <p>
              <button type="button" onClick={() => choose(CLEARED)}>
                Show all
              </button>
            </p>
          </Nothing>
        ) : (
          <div class="rows" style={{ height: `${total * rowHeight}px` }}>
            {drawn}
          </div>
        )}
      </div>
      <p class="list-foot" role="status">
        {total !== null && <>{formatCount(total)} found</>}
        {analysis !== undefined && (
          <>
            {" "}
            · {formatCount(analysis.alive)} of {formatCount(analysis.count)} alive on{" "}
            {formatCount(analysis.tokens.train + analysis.tokens.heldout)} tokens
          </>
        )}
        <span class="keys">↑ ↓ move · Enter opens · / searches</span>
      </p>
    </>
  );
}

const CLEARED = {
  q: null,
  filter: null,
  "density-from": null,
  "density-to": null,
  "max-from": null,
  "score-from": null,
};

interface HeadProps {
  readonly choice: ListChoice;
  readonly sort: Sort;
  readonly words: string;
  /** Handlers that show what the column is. */
  readonly tip?: ReturnType<typeof scoreTip>;
}

function Head({ choice, sort, words, tip }: HeadProps) {
  const sorted = choice.sort === sort;
  return (
    <button
      type="button"
      class={sort === "index" ? "" : "n"}
      aria-pressed={sorted}
      onClick={() => sortBy(sort, sorted ? !choice.descending : descends(sort))}
      {...tip}
    >
      {words}
      {sorted && (choice.descending ? " ↓" : " ↑")}
    </button>
  );
}
