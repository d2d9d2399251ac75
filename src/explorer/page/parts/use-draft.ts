/**
 * A field whose value counts when it is left or Enter is pressed. Until then what was typed stays, whatever is drawn anew around it: a
 * value that is only passed down would be put back into the field with every token that arrives.
 */

import { useState } from "preact/hooks";

/** Attributes of the `<input>`. */
export interface Draft {
  readonly value: string;
  readonly onInput: (event: { readonly currentTarget: HTMLInputElement }) => void;
  readonly onChange: (event: { readonly currentTarget: HTMLInputElement }) => void;
  readonly onBlur: () => void;
}

export function useDraft(value: string, commit: (text: string) => void): Draft {
  const [draft, setDraft] = useState<string | null>(null);
  return {
    value: draft ?? value,
    onInput: ({ currentTarget }) => setDraft(currentTarget.value),
    onChange: ({ currentTarget }) => {
      setDraft(null);
      commit(currentTarget.value);
    },
    onBlur: () => setDraft(null),
  };
}
