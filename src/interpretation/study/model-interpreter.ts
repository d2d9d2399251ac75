/**
 * Interpretation by a language model: protocols that show the same examples share one explanation, and each explanation answers the tasks
 * of its protocols only.
 */

import { type Endpoint, RequestFailed, type SimulatorMode } from "../endpoint/endpoint.ts";
import type { Explanation } from "../explainers/explainer.ts";
import { explainWithModel, promptFor } from "../explainers/language-model.ts";
import type { Prompts } from "../prompts/prompts.ts";
import { PROTOCOLS } from "../protocols/protocols.ts";
import type { ProtocolName, TaskType } from "../protocols/task.ts";
import { modelAnswerer } from "../simulators/model-answerer.ts";
import { type PlannedRequest, planRequests } from "../simulators/plan.ts";
import type { Tally } from "../simulators/tally.ts";
import type { Interpreter, StudySubject, StudyUnit } from "./study.ts";

/**
 * Requests that a unit has under way at once, about. As few units as keep the endpoint busy are worked on together: a budget that ends
 * early leaves finished ones, and not many halves.
 */
const REQUESTS_OF_UNIT = 4;

/** The intruder is found by what the other texts have in common, as published. */
const WITHOUT_EXPLANATION: readonly TaskType[] = ["intruder"];

export interface ModelParts {
  readonly endpoint: Endpoint;
  readonly prompts: Prompts;
  readonly mode: SimulatorMode;
  readonly protocols: readonly ProtocolName[];
  readonly seed: number;
  /** Requests under way at the same time. */
  readonly concurrency: number;
  /** How the answers to each explanation's tasks were; goes on counting while they come in. */
  readonly tallies: Readonly<Tally>[];
  /** Told of a unit that got no explanation. */
  readonly onFailure: (error: RequestFailed) => void;
}

interface Explainer {
  readonly name: string;
  /** Shown the same examples. */
  readonly protocols: readonly ProtocolName[];
}

function explainersOf(model: string, protocols: readonly ProtocolName[]): Explainer[] {
  const families = Map.groupBy(protocols, promptFor);
  return [...families.values()].map((group) => ({
    name: families.size > 1 ? `${model} (${group.join(", ")})` : model,
    protocols: group,
  }));
}

export function modelInterpreter(parts: ModelParts): Interpreter {
  const explainers = explainersOf(parts.endpoint.model, parts.protocols);
  return {
    explainers,
    withoutExplanation: WITHOUT_EXPLANATION,
    concurrency: Math.ceil(parts.concurrency / REQUESTS_OF_UNIT) + 1,
    explain: async ({ units }, { signal }) => {
      return (place) =>
        Promise.all(explainers.map((explainer) => explainOne(parts, explainer, units[place]!, signal)));
    },
  };
}

async function explainOne(
  { endpoint, prompts, mode, seed, tallies, onFailure }: ModelParts,
  { name, protocols: [protocol] }: Explainer,
  { unit, evidence }: StudyUnit,
  signal: AbortSignal | undefined,
): Promise<Explanation | null> {
  const explaining = PROTOCOLS[protocol!].explaining(evidence, { seed, unit });
  if (explaining.excerpts.length === 0) return null;
  try {
    const shown = { passage: evidence.passage, explaining };
    const said = await explainWithModel(endpoint, prompts, shown, protocol!, signal);
    const answerer = modelAnswerer(endpoint, prompts, mode, said.text, { signal });
    tallies.push(answerer.tally);
    return {
      text: said.text,
      author: name,
      answerer,
      details: { model: endpoint.model, prompts: said.promptHashes, asked_twice: said.again },
    };
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    onFailure(error);
    return null;
  }
}

/** What explaining and scoring all units will send: each answers its own tasks, and those of another unit. */
export function* plannedRequests(
  { endpoint, prompts, mode, protocols, seed }: Omit<ModelParts, "onFailure" | "tallies" | "concurrency">,
  subjects: readonly StudySubject[],
): Generator<PlannedRequest> {
  for (const explainer of explainersOf(endpoint.model, protocols)) {
    const [protocol] = explainer.protocols;
    for (const { unit, evidence } of subjects.flatMap(({ units }) => units)) {
      const draw = { seed, unit };
      const explaining = PROTOCOLS[protocol!].explaining(evidence, draw);
      const tasks = explainer.protocols.flatMap((name) => PROTOCOLS[name].tasks(evidence, "score", draw));
      const own = { explaining, protocol: protocol!, tasks };
      yield* planRequests(endpoint, prompts, evidence.passage, own, mode);
      const asked = tasks.filter(({ type }) => !WITHOUT_EXPLANATION.includes(type));
      const other = { ...own, explaining: null, tasks: asked };
      yield* planRequests(endpoint, prompts, evidence.passage, other, mode);
    }
  }
}
