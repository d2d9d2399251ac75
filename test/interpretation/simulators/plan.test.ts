/** What is foreseen is what is sent: the same builders make both. */

import { expect, test } from "vitest";
import { SIMULATOR_MODES } from "../../../src/interpretation/endpoint/endpoint.ts";
import { explainWithModel } from "../../../src/interpretation/explainers/language-model.ts";
import { Prompts } from "../../../src/interpretation/prompts/prompts.ts";
import { PROTOCOLS } from "../../../src/interpretation/protocols/protocols.ts";
import { PROTOCOL_NAMES } from "../../../src/interpretation/protocols/task.ts";
import { modelAnswerer } from "../../../src/interpretation/simulators/model-answerer.ts";
import { planRequests } from "../../../src/interpretation/simulators/plan.ts";
import { answerTask } from "../../../src/interpretation/study/answer-task.ts";
import { plantedText, plantedUnit } from "../protocols/planted-text.ts";
import { oracle } from "../stand-in/oracle.ts";
import { brainEndpoint } from "./brain-endpoint.ts";

const prompts = new Prompts();
const evidence = plantedUnit(plantedText(1), (token) => (token === 20 ? 3 : token === 21 ? 1 : 0));
const draw = { seed: 1, unit: 0 };

test.each(PROTOCOL_NAMES.flatMap((name) => SIMULATOR_MODES.map((mode) => [name, mode] as const)))(
  "%s, %s",
  async (name, mode) => {
    const protocol = PROTOCOLS[name];
    const explaining = protocol.explaining(evidence, draw);
    const tasks = protocol.tasks(evidence, "score", draw);
    expect(tasks.length).toBeGreaterThan(0);
    const { passage } = evidence;
    const plan = planRequests(
      brainEndpoint(oracle()),
      prompts,
      passage,
      { explaining, protocol: name, tasks },
      mode,
    );

    const endpoint = brainEndpoint(oracle());
    const { text } = await explainWithModel(endpoint, prompts, { passage, explaining }, name);
    const answerer = modelAnswerer(endpoint, prompts, mode, text);
    for (const task of tasks) await answerTask(task, answerer, passage);

    // One more, of a line or two, finds out how 10 is written.
    const scored = endpoint.prompts.filter((prompt) => prompt.length > 100);
    expect(plan).toHaveLength(endpoint.chats.length + scored.length);
    const limits = endpoint.chats.map(({ maxTokens }) => maxTokens);
    const chats = plan.filter(({ maxOutputTokens }) => maxOutputTokens > 0);
    expect(chats.map(({ maxOutputTokens }) => maxOutputTokens).sort()).toEqual(limits.sort());
    for (const { maxOutputTokens, usualOutputTokens } of plan)
      expect(usualOutputTokens).toBeLessThanOrEqual(maxOutputTokens);
    const sent =
      scored.join("").length +
      endpoint.chats.flatMap(({ messages }) => messages.map(({ content }) => content)).join("").length;
    const foreseen = plan.reduce((sum, { inputChars }) => sum + inputChars, 0);
    // But for the length of the explanation.
    expect(Math.abs(foreseen - sent)).toBeLessThan(200 * plan.length);
    expect(foreseen / sent).toBeGreaterThan(0.9);
    expect(foreseen / sent).toBeLessThan(1.2);

    const only = planRequests(endpoint, prompts, passage, { explaining: null, protocol: name, tasks }, mode);
    expect(only).toHaveLength(plan.length - 1);
  },
);
