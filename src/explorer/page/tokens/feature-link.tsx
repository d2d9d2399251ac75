/** A feature by its number, leading to its page, with a few words on it. */

import { useContext } from "preact/hooks";
import { createContext } from "preact";
import { prefetch } from "../data/data.ts";
import { href, route, there } from "../shell/router.ts";
import { saePath } from "../shell/runs.ts";
import { Words } from "./words.tsx";

/** The features that a page lights up while they are pointed at. */
export interface Lighting {
  readonly light: (index: number | null) => void;
}

export const LightingContext = createContext<Lighting>({ light: () => undefined });

export function FeatureLink({ index, words }: { index: number; words?: string | undefined }) {
  const { run, sae } = route.value;
  const { light } = useContext(LightingContext);
  const on = () => {
    light(index);
    if (run !== null && sae !== null) prefetch(saePath(run, sae, `units/feature/${index}`));
  };
  return (
    <a
      class="feature-link"
      href={href(there({ page: "unit", unit: { kind: "feature", index } }))}
      onMouseEnter={on}
      onFocus={on}
      onMouseLeave={() => light(null)}
      onBlur={() => light(null)}
    >
      <b>{index}</b>
      {words !== undefined && (
        <span class="words">
          <Words words={words} />
        </span>
      )}
    </a>
  );
}
