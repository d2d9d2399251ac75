/** Who explains: rules, or a language model, whose cost is said before anything is sent for a unit. */

import type { SimulatorMode } from "../interpretation/endpoint/endpoint.ts";
import { estimateCost } from "../interpretation/endpoint/estimate.ts";
import { type OpenAIEndpoint, openEndpoint } from "../interpretation/endpoint/openai-endpoint.ts";
import { pickMode } from "../interpretation/endpoint/simulator-mode.ts";
import type { Probe } from "../interpretation/explainers/explainer.ts";
import { promptFor } from "../interpretation/explainers/language-model.ts";
import { Prompts } from "../interpretation/prompts/prompts.ts";
import type { Interpretation, SubjectName } from "../interpretation/result.ts";
import { simulatorDescription } from "../interpretation/simulators/model-answerer.ts";
import { addTally, newTally, type Tally } from "../interpretation/simulators/tally.ts";
import { modelInterpreter, plannedRequests } from "../interpretation/study/model-interpreter.ts";
import { offlineInterpreter } from "../interpretation/study/offline-interpreter.ts";
import type { Interpreter, StudySubject } from "../interpretation/study/study.ts";
import type { InterpretationRequest } from "./interpretation-request.ts";
import type { RunHooks } from "./request.ts";

/** A language model that answers, and how activations are simulated with it. */
export interface OpenModel {
  readonly endpoint: OpenAIEndpoint;
  readonly mode: SimulatorMode;
}

/**
 * Asks the server what it can do, before any other work: a wrong key or address is said at once.
 * @param answers folder in which its answers are kept
 * @returns null when no language model was asked for
 */
export async function openModel(
  { endpoint: options }: InterpretationRequest,
  answers: string,
  { onPhase, onNote, signal }: RunHooks,
): Promise<OpenModel | null> {
  if (options === undefined) return null;
  onPhase?.("asking the language model's server what it can do");
  const endpoint = await openEndpoint(options, { cache: answers, ...(signal && { signal }) });
  const mode = pickMode(endpoint.support, options.simulator);
  onNote?.(`${endpoint.model} at ${endpoint.address}: activations are simulated by ${MODES[mode]}`);
  return { endpoint, mode };
}

const MODES: Readonly<Record<SimulatorMode, string>> = {
  "prompt-logprobs": "the probabilities of a prompt's own tokens, all at once",
  "expected-values": "numbers in its answers, as expected values over their alternatives",
  integers: "the numbers in its answers",
};

export interface OpenInterpreter {
  readonly interpreter: Interpreter;
  /** Of the interpretation. */
  readonly name: string;
  /** What became of the endpoint so far; null where there is none. */
  readonly endpoint: (() => NonNullable<Interpretation["endpoint"]>) | null;
  /** With every score: what answered. */
  readonly answeredBy: string;
  /** What is to be said at the end. */
  readonly notes: () => string[];
}

export interface InterpreterWork {
  readonly request: InterpretationRequest;
  /** In the progress, before what is done. */
  readonly label: string;
  /** The language model that was asked for. */
  readonly model: OpenModel | null;
  /** Asks the model whose units a subject's are; null where there is none to ask. */
  readonly probeOf: (subject: SubjectName) => Probe | null;
}

/** A sample, or other protocols, take nothing away from what `npm start` says of every feature. */
function offlineName({ protocols, features }: InterpretationRequest): string {
  const other = protocols.join("+") === "bricken-2023" ? [] : [protocols.join("+")];
  return ["offline", ...other, ...(features === undefined ? [] : [`${features}-features`])].join(".");
}

/** @returns null when only the cost was asked for, which is said as a note */
export function openInterpreter(
  { request, label, model, probeOf }: InterpreterWork,
  subjects: readonly StudySubject[],
  { onNote }: RunHooks,
): OpenInterpreter | null {
  const { protocols, seed } = request;
  if (model === null || request.endpoint === undefined) {
    if (request.estimateOnly) onNote?.("without --model nothing is sent, and nothing has to be paid");
    return request.estimateOnly
      ? null
      : {
          interpreter: offlineInterpreter(protocols, probeOf),
          name: request.name ?? offlineName(request),
          endpoint: null,
          answeredBy: "rule",
          notes: () => [],
        };
  }
  const { endpoint, mode } = model;
  const prompts = new Prompts();
  const parts = { endpoint, prompts, mode, protocols, seed };
  const plan = [...plannedRequests(parts, subjects)].map(({ inputChars, messages, maxOutputTokens }) => ({
    requests: 1,
    characters: inputChars,
    messages,
    maxTokens: maxOutputTokens,
  }));
  onNote?.(`${label}: ${estimateCost(plan, request.endpoint).sentence}; what the cache has costs nothing`);
  if (request.estimateOnly) return null;

  const { concurrency } = request.endpoint;
  /** Why there is none: one reason for each of a unit's explanations that is missing. */
  const unexplained: string[] = [];
  const tallies: Readonly<Tally>[] = [];
  const { parameters, prompts: hashes } = simulatorDescription(endpoint, prompts, mode);
  return {
    interpreter: modelInterpreter({
      ...parts,
      concurrency,
      tallies,
      onFailure: ({ message }) => unexplained.push(message),
    }),
    name: request.name ?? `${endpoint.model.replaceAll(/[^\w.-]+/g, "-")}.${protocols.join("+")}`,
    answeredBy: `${endpoint.model}, ${mode}`,
    endpoint: () => ({
      model: endpoint.model,
      address: endpoint.address,
      support: endpoint.support,
      mode,
      parameters,
      prompts: { ...prompts.hashes([...new Set(protocols.map(promptFor))]), ...hashes },
      spent: endpoint.spent(),
      tally: { ...sumOf(tallies) },
    }),
    notes: () => [
      ...endpoint.notes(),
      ...notesOn(sumOf(tallies)),
      ...(unexplained.length > 0
        ? [
            `${unexplained.length} explanations of features and controls were not to be had, so they have no scores: the first, ${unexplained[0]}`,
          ]
        : []),
    ],
  };
}

function sumOf(tallies: readonly Readonly<Tally>[]): Tally {
  const sum = newTally();
  for (const tally of tallies) addTally(sum, tally);
  return sum;
}

function notesOn({ repairs, refusals, expected, doubtful, lostPlaces }: Tally): string[] {
  const share = `${((100 * doubtful) / Math.max(1, expected)).toFixed(1)} %`;
  return [
    ...(repairs > 0 ? [`${repairs} answers lacked values that were asked for once more`] : []),
    ...(refusals > 0 ? [`${refusals} requests were refused by the model, and count as failures`] : []),
    ...(doubtful > 0
      ? [
          `behind ${share} of the expected values stands less than 0.9 of the probability, the rest on what is no value`,
        ]
      : []),
    ...(lostPlaces > 0
      ? [
          `in ${lostPlaces} prompts the places of values were not found among the server's tokens: they count as failures`,
        ]
      : []),
  ];
}
