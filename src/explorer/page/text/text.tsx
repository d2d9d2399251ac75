/** A text of one's own: which features are active where, what makes each prediction, and what the dictionary does not capture. */

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { TextAnalysis } from "../../api.ts";
import { NotLive, whyNotLive } from "../parts/live.tsx";
import { TextResult } from "./text-result.tsx";
import type { PageProps } from "../page.ts";
import { route, setQuery } from "../shell/router.ts";
import { saePath } from "../shell/runs.ts";
import { Problem, Waiting } from "../shell/states.tsx";
import { LONGEST_IN_ADDRESS } from "../steer/steering.ts";
import { usePost } from "../data/use-post.ts";
import "../charts/charts.css";
import "./text.css";

const EXAMPLES: readonly (readonly [words: string, text: string])[] = [
  ["prose", "The committee met on Tuesday to discuss whether the old bridge should be repaired or replaced."],
  ["code", "for (let i = 0; i < items.length; i++) {\n  if (items[i] === undefined) return null;\n}"],
  ["base64", "The key is aGVsbG8gd29ybGQsIHRoaXMgaXMgYmFzZTY0 and it ends here."],
  ["several scripts", "Hello, привет, مرحبا, שלום, 안녕하세요, 你好."],
];

/** A text that is too long for the address. */
const longText = signal("");

export function TextPage({ run, sae }: PageProps) {
  const { query } = route.value;
  const text = query["text"] ?? longText.value;
  const path = sae === null ? "" : saePath(run.id, sae.name, "");
  const live = sae !== null && whyNotLive(run.live) === null;
  const analysis = usePost<TextAnalysis>(`${path}text`, live && text !== "" ? { text } : null);
  if (sae === null) return null;
  if (!live) return <NotLive run={run} what="Reading a text needs the model" />;
  return (
    <div class="page">
      <TextForm text={text} busy={analysis.loading} />
      {analysis.error !== null ? (
        <Problem error={analysis.error} again={analysis.again} />
      ) : analysis.data !== undefined ? (
        <TextResult key={text} run={run} path={path} text={text} analysis={analysis.data} />
      ) : (
        analysis.loading && <Waiting what="Reading" />
      )}
    </div>
  );
}

function TextForm({ text, busy }: { text: string; busy: boolean }) {
  const [draft, setDraft] = useState(text);
  useEffect(() => setDraft(text), [text]);
  const read = (next: string) => {
    const isLong = next.length > LONGEST_IN_ADDRESS;
    longText.value = isLong ? next : "";
    setDraft(next);
    setQuery({ text: isLong ? null : next, at: null }, false);
  };
  return (
    <form
      class="text-form"
      onSubmit={(event) => {
        event.preventDefault();
        read(draft);
      }}
    >
      <textarea
        rows={Math.min(8, Math.max(3, draft.split("\n").length))}
        value={draft}
        placeholder="Paste or type a text"
        aria-label="Text to read"
        spellcheck={false}
        dir="auto"
        maxLength={200_000}
        onInput={(event) => setDraft(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          read(draft);
        }}
      />
      <p class="text-go">
        <button type="submit" class="primary" disabled={busy || draft === ""}>
          {busy ? "Reading…" : "Read"}
        </button>
        <span class="examples">
          {EXAMPLES.map(([words, example]) => (
            <button key={words} type="button" class="quiet-button" onClick={() => read(example)}>
              {words}
            </button>
          ))}
        </span>
        <small class="keys">
          {draft.length > LONGEST_IN_ADDRESS ? "too long to stand in the address" : "Ctrl + Enter"}
        </small>
      </p>
    </form>
  );
}
