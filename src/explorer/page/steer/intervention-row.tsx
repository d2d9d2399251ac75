/** One unit that is changed while text is generated: which, how, and by how much in terms of the largest activation seen. */

import type { Intervention, SaeSummary, UnitPage } from "../../api.ts";
import { brief } from "../charts/numbers.ts";
import { href, there } from "../shell/router.ts";
import { saePath } from "../shell/runs.ts";
import { rounded, sliderRange, within } from "./steering.ts";
import { useApi } from "../data/use-api.ts";
import { useDraft } from "../parts/use-draft.ts";
import { TokenChip } from "../tokens/token.tsx";
import { Choice } from "../parts/choice.tsx";
import { Words } from "../tokens/words.tsx";

export interface InterventionRowProps {
  readonly run: string;
  readonly sae: SaeSummary;
  readonly intervention: Intervention;
  readonly onChange: (next: Intervention) => void;
  readonly onRemove: (() => void) | null;
}

const ANY = { min: -1e6, max: 1e6 };

export function InterventionRow({ run, sae, intervention, onChange, onRemove }: InterventionRowProps) {
  const { kind, index, mode, value } = intervention;
  const analysed = sae.analyses.some((one) => one.kind === kind);
  const unit = useApi<UnitPage>(analysed ? saePath(run, sae.name, `units/${kind}/${index}`) : null);
  const page = unit.stale ? undefined : unit.data;
  const max = page !== undefined && page.statistics.max > 0 ? page.statistics.max : null;
  const scale = max ?? 1;
  const [low, high] = sliderRange(mode, value / scale);
  const name = kind === "neuron" ? `Neuron ${index}` : `Feature ${index}`;
  const exact = useDraft(String(value), (text) =>
    onChange({ ...intervention, value: within(text, ANY, value) }),
  );
  return (
    <li class="intervention">
      <div class="intervention-unit">
        <a href={href(there({ page: "unit", unit: { kind, index } }))}>
          <b>{name}</b>
        </a>
        <span class="intervention-words">
          {unit.error !== null ? (
            <span class="failed">{unit.error}</span>
          ) : page === undefined ? null : page.row.explanation !== null ? (
            <Words words={page.row.explanation} />
          ) : (
            page.row.tokens.slice(0, 5).map((token, at) => <TokenChip key={at} token={token} />)
          )}
        </span>
        {onRemove !== null && (
          <button type="button" class="quiet-button" onClick={onRemove} aria-label={`Remove ${name}`}>
            ×
          </button>
        )}
      </div>
      <div class="intervention-value">
        <Choice
          label={`How ${name} is changed`}
          value={mode}
          options={[
            ["clamp", "set to"],
            ["add", "add"],
          ]}
          onChange={(next) => onChange({ ...intervention, mode: next })}
        />
        <input
          type="range"
          min={low}
          max={high}
          step={0.05}
          value={value / scale}
          aria-label={max === null ? `Value for ${name}` : `Value for ${name} in multiples of its maximum`}
          aria-valuetext={`${brief(value)}`}
          onInput={(event) =>
            onChange({ ...intervention, value: rounded(Number(event.currentTarget.value) * scale) })
          }
        />
        <span class="multiple-of">
          {max === null
            ? ""
            : `${Number((value / max).toFixed(2))
                .toString()
                .replace("-", "−")} × max`}
        </span>
        <input
          type="text"
          inputMode="decimal"
          class="number"
          aria-label={`Exact value for ${name}`}
          {...exact}
        />
        {max !== null && (
          <span class="value-presets">
            {(mode === "clamp" ? [0, 1, 2] : [-1, 1, 2]).map((multiple) => (
              <button
                key={multiple}
                type="button"
                class="quiet-button"
                aria-pressed={Math.abs(value / max - multiple) < 0.005}
                title={mode === "clamp" && multiple === 0 ? "Taken away" : `${multiple} times its maximum`}
                onClick={() => onChange({ ...intervention, value: rounded(multiple * max) })}
              >
                {mode === "clamp" && multiple === 0
                  ? "off"
                  : `${multiple < 0 ? "−" : ""}${Math.abs(multiple)}×`}
              </button>
            ))}
          </span>
        )}
      </div>
    </li>
  );
}
