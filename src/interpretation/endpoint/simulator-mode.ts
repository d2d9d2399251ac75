/** Which of the ways to simulate activations an endpoint allows. */

import { Failure } from "../../errors.ts";
import { type EndpointSupport, SIMULATOR_MODES, type SimulatorMode } from "./endpoint.ts";

/** With fewer alternatives at a number, their expected value says little more than the number itself. */
export const FEWEST_ALTERNATIVES = 5;

export type WantedMode = SimulatorMode | "auto";

/** What is missing for a mode, in words; undefined when nothing is. */
function missing(mode: SimulatorMode, support: EndpointSupport): string | undefined {
  switch (mode) {
    case "prompt-logprobs":
      return support.promptLogprobs === null
        ? "it gives no probabilities of a prompt's own tokens (vLLM and SGLang do, and completions with echo)"
        : undefined;
    case "expected-values":
      if (support.topLogprobs >= FEWEST_ALTERNATIVES) return undefined;
      return support.topLogprobs === 0
        ? "it gives no probabilities of an answer's tokens"
        : `it lists ${support.topLogprobs} alternatives for each token of an answer, and ${FEWEST_ALTERNATIVES} are needed`;
    case "integers":
      return undefined;
  }
}

/**
 * The wanted mode, or the best there is.
 * @throws Failure when the endpoint does not allow the wanted one
 */
export function pickMode(support: EndpointSupport, wanted: WantedMode): SimulatorMode {
  const possible = SIMULATOR_MODES.filter((mode) => missing(mode, support) === undefined);
  if (wanted === "auto") return possible[0]!;
  const reason = missing(wanted, support);
  if (reason === undefined) return wanted;
  throw new Failure(
    `--simulator ${wanted} cannot be had from this server: ${reason}; with --simulator ${possible.join(" or ")} it goes, or with auto`,
  );
}
