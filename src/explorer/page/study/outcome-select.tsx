/** One outcome of those that the trials have, by group. */

import { OUTCOME_GROUPS, type OutcomeDefinition } from "../../../study/outcomes/outcome.ts";

export interface OutcomeSelectProps {
  readonly label: string;
  readonly definitions: readonly OutcomeDefinition[];
  readonly value: string;
  readonly onChange: (name: string) => void;
}

export function OutcomeSelect({ label, definitions, value, onChange }: OutcomeSelectProps) {
  return (
    <label class="sort">
      {label}
      <select value={value} aria-label={label} onChange={(event) => onChange(event.currentTarget.value)}>
        {OUTCOME_GROUPS.map((group) => {
          const those = definitions.filter((one) => one.group === group);
          return (
            those.length > 0 && (
              <optgroup key={group} label={group}>
                {those.map((one) => (
                  <option key={one.name} value={one.name}>
                    {one.label}
                  </option>
                ))}
              </optgroup>
            )
          );
        })}
      </select>
    </label>
  );
}
