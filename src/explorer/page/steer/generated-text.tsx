/** Two texts side by side, from the same prompt and the same random numbers: as the model is, and with units changed. */

import { sharedPieces } from "../tokens/split-characters.ts";
import { tokenContent } from "../tokens/token.tsx";
import { firstDifference, LONGEST_IN_ADDRESS } from "./steering.ts";
import type { Generated } from "./use-generation.ts";
import { brief } from "../charts/numbers.ts";
import { href, there } from "../shell/router.ts";

export function GeneratedTexts({ generated }: { generated: Generated }) {
  const { prompt, plain, steered, state, error, tokensPerSecond, request } = generated;
  // The separator stands before every context; nobody typed it.
  const shown = prompt.slice(1);
  const differs = firstDifference(plain, steered);
  const cut = state === "done" && plain.length < request.tokens;
  return (
    <div class="generated">
      <div class="generated-columns" aria-busy={state === "running"}>
        <Column title="Plain" prompt={shown} tokens={plain} differs={null} running={state === "running"} />
        <Column
          title="Steered"
          prompt={shown}
          tokens={steered}
          differs={differs}
          running={state === "running"}
        />
      </div>
      <p class="generated-foot" role="status">
        {state === "running" && plain.length === 0 ? (
          "The model is being prepared…"
        ) : (
          <>
            {plain.length} of {request.tokens} tokens
            {tokensPerSecond !== null && tokensPerSecond > 0 && ` · ${brief(tokensPerSecond)} a second`}
            {state === "stopped" && " · stopped"}
            {cut && " · the model has no more positions"}
            {state === "done" &&
              (differs === null
                ? " · both texts are the same"
                : ` · they differ from token ${differs + 1} on`)}
          </>
        )}
      </p>
      {error !== null && (
        <p class="failed" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

interface ColumnProps {
  readonly title: string;
  readonly prompt: readonly string[];
  readonly tokens: readonly string[];
  readonly differs: number | null;
  readonly running: boolean;
}

function Column({ title, prompt, tokens, differs, running }: ColumnProps) {
  const text = [...prompt, ...tokens].join("");
  return (
    <section class={differs === null ? "generated-text" : "generated-text steered"} aria-label={title}>
      <h3>
        {title}
        {!running && tokens.length > 0 && text.length <= LONGEST_IN_ADDRESS && (
          <a href={href(there({ page: "text", query: { text } }))}>its features</a>
        )}
      </h3>
      <div class="generated-body" dir="auto">
        <span class="prompt">
          <Flow tokens={prompt} />
        </span>
        <Flow tokens={tokens} differs={differs} />
        {running && <span class="caret" aria-hidden="true" />}
      </div>
    </section>
  );
}

function Flow({ tokens, differs = null }: { tokens: readonly string[]; differs?: number | null }) {
  const shared = sharedPieces(tokens);
  return (
    <>
      {tokens.map((token, at) => (
        <span key={at} class={at === differs ? "g parted" : "g"}>
          {tokenContent(token, { breaks: true, pieces: shared[at] })}
        </span>
      ))}
    </>
  );
}
