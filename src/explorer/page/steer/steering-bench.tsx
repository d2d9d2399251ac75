/** Where text is generated with units changed: what is changed, how it is sampled, and both texts as they come. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { GenerationRequest, Intervention, RunSummary, SaeSummary } from "../../api.ts";
import type { UnitKind } from "../../../features/units.ts";
import { saePath } from "../shell/runs.ts";
import { LIMITS, MOST_INTERVENTIONS, PROMPTS, rounded, within } from "./steering.ts";
import { useDraft } from "../parts/use-draft.ts";
import { useGeneration } from "./use-generation.ts";
import { useSettings } from "./use-settings.ts";
import { Choice } from "../parts/choice.tsx";
import { GeneratedTexts } from "./generated-text.tsx";
import { InterventionRow } from "./intervention-row.tsx";
import { UnitFinder } from "./unit-finder.tsx";
import "./steering.css";

export interface SteeringBenchProps {
  readonly run: RunSummary;
  readonly sae: SaeSummary;
  readonly defaults: GenerationRequest;
  /** Interventions that are always there: of the unit that the page is about. */
  readonly fixed: number;
  /** Stands above the controls. */
  readonly children?: ComponentChildren;
}

export function SteeringBench({ run, sae, defaults, fixed, children }: SteeringBenchProps) {
  const [settings, change] = useSettings(defaults);
  const { generated, start, stop } = useGeneration(saePath(run.id, sae.name, "generate"));
  const { interventions } = settings;
  const running = generated?.state === "running";
  const replace = (at: number, next: Intervention | null) =>
    change({
      interventions: interventions.flatMap((one, place) =>
        place !== at ? [one] : next === null ? [] : [next],
      ),
    });
  const changed = generated !== null && !running && !sameRequest(generated.request, settings);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      start(settings);
    }
    if (event.key === "Escape" && running) stop();
  };
  return (
    <div class="steering" onKeyDown={onKey}>
      <div class="steering-controls">
        {children}
        <ul class="interventions">
          {interventions.map((intervention, at) => (
            <InterventionRow
              key={`${intervention.kind}${intervention.index}.${at}`}
              run={run.id}
              sae={sae}
              intervention={intervention}
              onChange={(next) => replace(at, next)}
              onRemove={at < fixed ? null : () => replace(at, null)}
            />
          ))}
        </ul>
        {interventions.length < MOST_INTERVENTIONS && (
          <AddUnit
            run={run}
            sae={sae}
            first={interventions.length === 0}
            onAdd={(intervention) => change({ interventions: [...interventions, intervention] })}
          />
        )}
        <label class="field">
          <span>Prompt</span>
          <textarea
            rows={3}
            value={settings.prompt}
            spellcheck={false}
            dir="auto"
            onInput={(event) => change({ prompt: event.currentTarget.value })}
          />
        </label>
        <p class="prompts">
          {PROMPTS.map(([words, prompt]) => (
            <button
              key={words}
              type="button"
              class="quiet-button"
              aria-pressed={settings.prompt === prompt}
              onClick={() => change({ prompt })}
            >
              {words}
            </button>
          ))}
        </p>
        <div class="sampling">
          <NumberField label="Tokens" name="tokens" settings={settings} change={change} />
          <NumberField label="Temperature" name="temperature" settings={settings} change={change} />
          <NumberField label="Top-p" name="topP" settings={settings} change={change} />
          <NumberField label="Seed" name="seed" settings={settings} change={change} />
        </div>
        <p class="steering-go">
          {running ? (
            <button
              type="button"
              class="primary"
              onClick={(event) => {
                // The second click of a double click on "Generate" means the same as the first.
                if (event.detail < 2) stop();
              }}
            >
              Stop
            </button>
          ) : (
            <button type="button" class="primary" onClick={() => start(settings)}>
              Generate
            </button>
          )}
          <button
            type="button"
            disabled={running}
            title="The next seed"
            onClick={() => {
              const next = { ...settings, seed: settings.seed + 1 };
              change(next);
              start(next);
            }}
          >
            Another sample
          </button>
          {changed && <small>Settings have changed since.</small>}
          <small class="keys">Ctrl + Enter</small>
        </p>
      </div>
      <div class="steering-texts">
        {generated === null ? (
          <p class="quiet steering-hint">
            Both texts continue the same prompt with the same random numbers; all that differs is the change
            at the hook point, made at every token.
          </p>
        ) : (
          <GeneratedTexts generated={generated} />
        )}
      </div>
    </div>
  );
}

function sameRequest(a: GenerationRequest, b: GenerationRequest): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

interface AddUnitProps {
  readonly run: RunSummary;
  readonly sae: SaeSummary;
  readonly first: boolean;
  readonly onAdd: (intervention: Intervention) => void;
}

function AddUnit({ run, sae, first, onAdd }: AddUnitProps) {
  const [kind, setKind] = useState<UnitKind>("feature");
  const neurons = run.hook?.endsWith(".mlp.hook_post") === true;
  const words = kind === "neuron" ? "neuron" : "feature";
  return (
    <div class="add-unit">
      <UnitFinder
        run={run.id}
        sae={sae}
        kind={kind}
        label={`${first ? "Choose a" : "Add another"} ${words}: number, token, word`}
        onPick={(index, row) =>
          onAdd({ kind, index, mode: "clamp", value: row !== null && row.max > 0 ? rounded(row.max) : 1 })
        }
      />
      {neurons && (
        <Choice
          label="Kind"
          value={kind}
          options={[
            ["feature", "feature"],
            ["neuron", "neuron"],
          ]}
          onChange={setKind}
        />
      )}
    </div>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly name: keyof typeof LIMITS;
  readonly settings: GenerationRequest;
  readonly change: (changes: Partial<GenerationRequest>) => void;
}

function NumberField({ label, name, settings, change }: NumberFieldProps) {
  const limits = LIMITS[name];
  const whole = limits.step === 1;
  const draft = useDraft(String(settings[name]), (text) => {
    const value = within(text, limits, settings[name]);
    change({ [name]: whole ? Math.round(value) : value });
  });
  return (
    <label class="field">
      <span>{label}</span>
      <input type="number" min={limits.min} max={limits.max} step={whole ? 1 : "any"} {...draft} />
    </label>
  );
}
