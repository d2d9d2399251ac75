/** Which other units point the same way or are active at the same time: links, with a few words on each. */

import type { ComponentChildren } from "preact";
import type { UnitPage } from "../../api.ts";
import type { Neighbour } from "../../../features/records.ts";
import type { UnitKind } from "../../../features/units.ts";
import { prefetchSoon } from "../data/data.ts";
import { href, there } from "../shell/router.ts";
import { Card } from "../parts/card.tsx";
import { Words } from "../tokens/words.tsx";

const SHOWN = 8;

export interface NeighboursProps {
  readonly page: UnitPage;
  readonly kind: UnitKind;
  readonly pathOf: (kind: UnitKind, index: number) => string;
}

export function Neighbours({ page: { nearest, alignment }, kind, pathOf }: NeighboursProps) {
  const lists: {
    title: string;
    note: string;
    of: UnitKind;
    units: readonly (Neighbour & { words?: string })[];
  }[] = [
    {
      title: "Same direction",
      note: "cosine of decoder rows",
      of: kind,
      units: kind === "neuron" ? [] : nearest.decoder,
    },
    { title: "Active together", note: "correlation of activations", of: kind, units: nearest.activation },
    { title: "Neurons active with it", note: "correlation", of: "neuron", units: nearest.neurons },
    { title: "Neurons in its direction", note: "coefficient", of: "neuron", units: alignment ?? [] },
  ];
  const full = lists.filter(({ units }) => units.length > 0);
  if (full.length === 0) return null;
  return (
    <Card title="Neighbours">
      {full.map(({ title, note, of, units }) => (
        <div key={title} class="neighbours">
          <h3>
            {title} <small>{note}</small>
          </h3>
          <ul class={units[0]!.words === undefined ? "bare" : undefined}>
            {units.slice(0, SHOWN).map((unit) => (
              <Line key={unit.index} kind={of} unit={unit} path={pathOf(of, unit.index)}>
                {unit.words !== undefined && (
                  <span class="words">
                    <Words words={unit.words} />
                  </span>
                )}
              </Line>
            ))}
          </ul>
        </div>
      ))}
    </Card>
  );
}

interface LineProps {
  readonly kind: UnitKind;
  readonly unit: Neighbour;
  readonly path: string;
  readonly children: ComponentChildren;
}

function Line({ kind, unit: { index, value }, path, children }: LineProps) {
  return (
    <li>
      <a
        href={href(there({ page: "unit", unit: { kind, index } }))}
        onMouseEnter={() => prefetchSoon(path)}
        onMouseLeave={() => prefetchSoon(null)}
        onFocus={() => prefetchSoon(path)}
      >
        <b>{index}</b>
        {children}
        <span class="value" style={{ "--w": Math.min(1, Math.abs(value)).toFixed(3) }}>
          {value.toFixed(2).replace("-", "−")}
        </span>
      </a>
    </li>
  );
}
