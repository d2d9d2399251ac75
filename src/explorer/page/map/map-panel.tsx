/** The point of the map that was chosen: which feature it is, and which lie beside it. */

import type { MapPoints } from "../../api.ts";
import { briefPercent } from "../charts/numbers.ts";
import type { PointGrid } from "./point-grid.ts";
import { href, there } from "../shell/router.ts";
import { FeatureLink } from "../tokens/feature-link.tsx";
import { Words } from "../tokens/words.tsx";

export interface MapPanelProps {
  readonly points: MapPoints;
  readonly grid: PointGrid;
  readonly chosen: number;
  readonly onClose: () => void;
}

const NEAR = 6;

export function MapPanel({ points, grid, chosen, onClose }: MapPanelProps) {
  const index = points.index[chosen]!;
  return (
    <aside class="map-panel" aria-label="The chosen feature">
      <header>
        <a href={href(there({ page: "unit", unit: { kind: "feature", index } }))}>
          <b>Feature {index}</b>
        </a>
        <button type="button" class="quiet-button" aria-label="Close" onClick={onClose}>
          ×
        </button>
      </header>
      <p>
        <Words words={points.words[chosen] ?? ""} />
      </p>
      <p class="quiet">on {briefPercent(points.density[chosen]!)} of tokens</p>
      <h3>Beside it</h3>
      <ul>
        {grid.around(chosen, NEAR).map((at) => (
          <li key={at}>
            <FeatureLink index={points.index[at]!} words={points.words[at]} />
          </li>
        ))}
      </ul>
    </aside>
  );
}
