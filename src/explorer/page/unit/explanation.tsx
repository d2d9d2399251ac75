/** What is said of a unit: the words that are shown for it, others, and a person's own, which can be written here. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Explanation } from "../../api.ts";
import { api, exported, forget, sentence } from "../data/data.ts";
import { plainText } from "../tokens/token-text.ts";
import { By, explanationAddress } from "./explanations-view.tsx";

export interface ExplanationsProps {
  /** Of the unit. */
  readonly path: string;
  /** What the list shows. */
  readonly shown: string | null;
  readonly explanations: readonly Explanation[];
  readonly onWritten: () => void;
}

const LONGEST = 500;

export function Explanations({ path, shown, explanations, onWritten }: ExplanationsProps) {
  const [editing, edit] = useState(false);
  useEffect(() => edit(false), [path]);
  const current = explanations.find(({ text }) => text === shown);
  const others = explanations.filter((one) => one !== current);
  if (editing)
    return (
      <LabelForm
        path={path}
        text={current?.author === "person" ? current.text : ""}
        onDone={(written) => {
          edit(false);
          if (written) onWritten();
        }}
      />
    );
  return (
    <div class="explanations">
      {shown !== null && (
        <p class="explanation">
          <bdi>{plainText(shown)}</bdi>
          {current !== undefined && (
            <>
              <By explanation={current} />
              <Evidence explanation={current} />
            </>
          )}
        </p>
      )}
      {!exported && (
        <button type="button" class="quiet-button" onClick={() => edit(true)}>
          {shown === null ? "Say what it is" : current?.author === "person" ? "Edit" : "Say it better"}
        </button>
      )}
      {others.length > 0 && (
        <details>
          <summary>
            {others.length} other {others.length === 1 ? "explanation" : "explanations"}
          </summary>
          <ul>
            {others.map((other) => (
              <li key={other.id}>
                <bdi>{plainText(other.text)}</bdi> <By explanation={other} />
                <Evidence explanation={other} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

/** The way to what it was scored on. */
function Evidence({ explanation: { id, score } }: { explanation: Explanation }) {
  if (score === null) return null;
  return (
    <small>
      <a href={explanationAddress(id)}>predicted beside real</a>
    </small>
  );
}

interface FormProps {
  readonly path: string;
  readonly text: string;
  readonly onDone: (written: boolean) => void;
}

function LabelForm({ path, text, onDone }: FormProps) {
  const [value, setValue] = useState(text);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    const words = value.trim();
    if (words === "" || words === text) return onDone(false);
    setBusy(true);
    try {
      await api<Explanation>(`${path}/labels`, { body: { text: words } });
      // Its words stand in lists and beside its neighbours, too.
      forget(path.slice(0, path.lastIndexOf("/units/")));
      onDone(true);
    } catch (error) {
      setBusy(false);
      setProblem(sentence(error));
    }
  };
  return (
    <form class="label-form" onSubmit={(event) => void submit(event)}>
      <input
        type="text"
        aria-label="What it is, in your own words"
        placeholder="What it responds to, or what it does"
        maxLength={LONGEST}
        value={value}
        ref={input}
        onInput={(event) => setValue(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onDone(false);
        }}
      />
      <button type="submit" disabled={busy}>
        Save
      </button>
      <button type="button" class="quiet-button" onClick={() => onDone(false)}>
        Cancel
      </button>
      {problem !== null && <p class="failed">{problem}</p>}
    </form>
  );
}
