/** The map: every feature by the direction of its decoder row, laid out by UMAP, so that features of one kind lie together. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { MapPoints, SaeSummary, UnitList } from "../../api.ts";
import { formatCount } from "../../../report/format.ts";
import { MapCanvas } from "./map-canvas.tsx";
import { MapPanel } from "./map-panel.tsx";
import { NotAnalysed } from "../parts/not-analysed.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { densityColours } from "../charts/colours.ts";
import { choiceOf, listParameters } from "../data/list-query.ts";
import {
  boundsOf,
  densityClasses,
  formatView,
  parseView,
  wholeMap,
  within,
  type MapView,
} from "./map-view.ts";
import { briefPercent } from "../charts/numbers.ts";
import type { PageProps } from "../page.ts";
import { PointGrid } from "./point-grid.ts";
import { go, href, route, setQuery, there } from "../shell/router.ts";
import { saePath } from "../shell/runs.ts";
import { Nothing, Problem, Waiting } from "../shell/states.tsx";
import { theme } from "../shell/theme.ts";
import { useApi } from "../data/use-api.ts";
import "./map.css";

const CLASSES = 24;
/** The view is written into the address when it rests. */
const REST_MS = 220;
/** As many as the server gives at once. */
const MOST_FOUND = 1000;

export function MapPage({ run, sae }: PageProps) {
  const analysed = sae?.analyses.some(({ kind }) => kind === "feature") === true;
  const answer = useApi<MapPoints>(analysed ? saePath(run.id, sae.name, "map") : null);
  if (sae === null) return null;
  if (!analysed) return <NotAnalysed run={run} does="lays out its features" />;
  if (answer.error !== null) return <Problem error={answer.error} again={answer.again} />;
  if (answer.data === undefined || answer.stale) return <Waiting what="Laying out the map" />;
  if (answer.data.index.length === 0)
    return (
      <Nothing title="No map">
        <p>No feature of this analysis has a place on a map.</p>
      </Nothing>
    );
  return <FeatureMap key={`${run.id}/${sae.name}`} points={answer.data} sae={sae} run={run.id} />;
}

interface FeatureMapProps {
  readonly points: MapPoints;
  readonly sae: SaeSummary;
  readonly run: string;
}

function FeatureMap({ points, sae, run }: FeatureMapProps) {
  const bounds = useMemo(() => boundsOf(points.x, points.y), [points]);
  const grid = useMemo(() => new PointGrid(points.x, points.y, bounds), [points]);
  const density = useMemo(() => densityClasses(points.density, CLASSES), [points]);
  const places = useMemo(() => new Map(points.index.map((index, at) => [index, at])), [points]);
  const { query } = route.value;
  const [view, setView] = useMapView(query["view"], bounds);
  const chosen = query["at"] === undefined ? null : (places.get(Number(query["at"])) ?? null);
  const search = useFound(run, sae, query["q"] ?? "");
  const found = useMemo(() => {
    if (search.list === undefined) return null;
    return new Set(search.list.rows.flatMap(({ index }) => places.get(index) ?? []));
  }, [search.list, places]);
  const zoomBy = (factor: number) => setView(within({ ...view, zoom: view.zoom * factor }, bounds));
  const choose = (at: number | null) => setQuery({ at: at === null ? null : String(points.index[at]) });
  return (
    <div class="map">
      <MapCanvas
        points={points}
        bounds={bounds}
        grid={grid}
        classes={density.classes}
        classCount={CLASSES}
        view={view}
        found={found}
        chosen={chosen}
        onView={setView}
        onChoose={choose}
        onWhole={() => setView(wholeMap(bounds))}
        onOpen={(at, elsewhere) => {
          const to = there({ page: "unit", unit: { kind: "feature", index: points.index[at]! } });
          if (elsewhere) open(href(to), "_blank", "noopener");
          else go(to);
        }}
      />
      <div class="map-search" role="search">
        <SearchField
          value={query["q"] ?? ""}
          placeholder="Mark features: token, word, number"
          label="Mark features by token, explanation or number"
          search={(q) => setQuery({ q })}
        />
        {search.error !== null ? (
          <p class="failed">{search.error}</p>
        ) : search.list !== undefined ? (
          <p role="status">
            {formatCount(search.list.total)} found
            {search.list.total > MOST_FOUND && `, the first ${formatCount(MOST_FOUND)} marked`}
          </p>
        ) : null}
      </div>
      <div class="map-zoom">
        <button type="button" aria-label="Closer" onClick={() => zoomBy(1.6)}>
          +
        </button>
        <button type="button" aria-label="Further away" onClick={() => zoomBy(1 / 1.6)}>
          −
        </button>
        <button
          type="button"
          aria-label="The whole map"
          title="The whole map"
          onClick={() => setView(wholeMap(bounds))}
        >
          ⤢
        </button>
      </div>
      <Legend low={density.low} high={density.high} count={points.index.length} />
      {chosen !== null && (
        <MapPanel points={points} grid={grid} chosen={chosen} onClose={() => choose(null)} />
      )}
    </div>
  );
}

/** The view as state, in the address when it rests. */
function useMapView(
  said: string | undefined,
  bounds: ReturnType<typeof boundsOf>,
): readonly [MapView, (view: MapView) => void] {
  const [view, setView] = useState(() => parseView(said, bounds));
  const written = useRef(said);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    // Back and Forward change the address from outside.
    if (said !== written.current && timer.current === undefined) setView(parseView(said, bounds));
    written.current = said;
  }, [said]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = (next: MapView) => {
    setView(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      timer.current = undefined;
      const text = formatView(next, bounds);
      written.current = text ?? undefined;
      setQuery({ view: text });
    }, REST_MS);
  };
  return [view, change];
}

function useFound(run: string, sae: SaeSummary, q: string) {
  const parameters = new URLSearchParams(listParameters({ ...choiceOf({}), q }, 0));
  parameters.set("limit", String(MOST_FOUND));
  const path = q.trim() === "" ? null : saePath(run, sae.name, `units?${parameters.toString()}`);
  const answer = useApi<UnitList>(path);
  return { list: path === null || answer.stale ? undefined : answer.data, error: answer.error };
}

function Legend({ low, high, count }: { low: number; high: number; count: number }) {
  const gradient = densityColours(theme.value, 7).join(",");
  return (
    <div class="map-legend">
      <span>{formatCount(count)} features, UMAP of decoder directions</span>
      <span class="map-ramp">
        {briefPercent(low)}
        <i style={{ background: `linear-gradient(to right,${gradient})` }} aria-hidden="true" />
        {briefPercent(high)} of tokens
      </span>
      <span class="keys">wheel or + − zoom · drag or arrows move · Shift + arrows, Enter</span>
    </div>
  );
}
