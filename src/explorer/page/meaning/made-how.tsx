/** What an interpretation cost and how it was made: everything that somebody needs who wants to make it again, or to doubt it. */

import type { ComponentChildren } from "preact";
import { moneyText, paidInAll } from "../../../interpretation/endpoint/paid.ts";
import type { Interpretation } from "../../../interpretation/result.ts";
import { formatCount, formatDuration, formatTime, formatTokens } from "../../../report/format.ts";
import { briefPercent } from "../charts/numbers.ts";
import { plainText } from "../tokens/token-text.ts";

const MODES: Readonly<Record<string, string>> = {
  "prompt-logprobs":
    "all tokens at once, from the probabilities of the prompt itself (as in Bills et al. 2023)",
  "expected-values": "numbered tokens in, integers out, expected values from the answer’s probabilities",
  integers: "numbered tokens in, integers out",
};

const RULES: Readonly<Record<string, string>> = {
  all: "all that are alive",
  uniform: "drawn uniformly from those that are alive",
  stratified: "drawn from those that are alive, as many from each tenth of them by density",
};

const SUBJECTS: Readonly<Record<string, string>> = {
  features: "Features",
  neurons: "Neurons",
  "shuffled-weights": "Shuffled weights",
  "random-directions": "Random directions",
};

export function MadeHow({ interpretation }: { interpretation: Interpretation }) {
  return (
    <div class="pair made-how">
      <div>
        <h3>What it cost</h3>
        <Cost interpretation={interpretation} />
        <h3>What was read</h3>
        <Read interpretation={interpretation} />
      </div>
      <div>
        <h3>How it was made</h3>
        <Method interpretation={interpretation} />
      </div>
    </div>
  );
}

function Cost({ interpretation: { endpoint, asked, failed, seconds } }: { interpretation: Interpretation }) {
  const paid = endpoint === null ? null : paidInAll(endpoint.spent);
  const earlier = endpoint?.spent.earlier;
  return (
    <Rows>
      <Row name="Time">{formatDuration(seconds)}</Row>
      {endpoint === null || paid === null ? (
        <Row name="Language model">none: nothing was sent and nothing paid</Row>
      ) : (
        <>
          <Row name="Money">
            {paid.money === null
              ? "unknown: no prices were given"
              : `${moneyText(paid.money)} in the prices’ currency`}
          </Row>
          <Row name="Requests">
            {formatCount(endpoint.spent.requests)}, {formatCount(endpoint.spent.retries)} of them repeated;{" "}
            {formatCount(endpoint.spent.cached)} answered from the cache
          </Row>
          <Row name="Tokens sent">
            {formatCount(paid.inputTokens)}
            {earlier !== undefined &&
              earlier.answers > 0 &&
              `, ${formatCount(earlier.inputTokens)} of them for answers of earlier sessions`}
          </Row>
          <Row name="Tokens written">{formatCount(paid.outputTokens)}</Row>
        </>
      )}
      <Row name="Without an answer">
        {formatCount(failed)} of {formatCount(asked)}
        {asked > 0 && ` (${briefPercent(failed / asked)})`}; left out of the scores
      </Row>
    </Rows>
  );
}

function Read({ interpretation: { text, subjects } }: { interpretation: Interpretation }) {
  const { explain, choose, score } = text.documents;
  return (
    <>
      <Rows>
        <Row name="Text">{formatTokens(text.tokens)} tokens</Row>
        <Row name="Documents">
          {formatCount(explain)} to explain, {formatCount(choose)} to choose an explainer,{" "}
          {formatCount(score)} to score: no document for two of them
        </Row>
      </Rows>
      <div class="scroll">
        <table class="subjects">
          <thead>
            <tr>
              <th scope="col">Of</th>
              <th scope="col" class="n">
                All
              </th>
              <th scope="col" class="n">
                Alive
              </th>
              <th scope="col" class="n">
                Explained
              </th>
              <th scope="col" class="n" title="Active on too few tokens to be scored">
                Too rare
              </th>
            </tr>
          </thead>
          <tbody>
            {subjects.map(({ subject, count, alive, units, tooRare }) => (
              <tr key={subject}>
                <th scope="row">{SUBJECTS[subject] ?? subject}</th>
                <td class="n">{formatCount(count)}</td>
                <td class="n">{formatCount(alive)}</td>
                <td class="n">{formatCount(units.length)}</td>
                <td class="n">{formatCount(tooRare)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Method({ interpretation }: { interpretation: Interpretation }) {
  const { endpoint, protocols, explainers, sampling, hook, weights, version, started, finished } =
    interpretation;
  return (
    <Rows>
      <Row name="Protocols">{protocols.join(", ")}</Row>
      <Row name="Explainers">
        <bdi>{plainText(explainers.join(", "))}</bdi>
      </Row>
      <Row name="Features">
        {RULES[sampling.rule] ?? sampling.rule}
        {sampling.asked !== null && `, ${formatCount(sampling.asked)} asked for`}; seed {sampling.seed}
      </Row>
      {endpoint !== null && (
        <>
          <Row name="Model">
            <bdi>{plainText(endpoint.model)}</bdi> at <bdi>{plainText(endpoint.address)}</bdi>
          </Row>
          <Row name="Simulation">
            {endpoint.mode}: {MODES[endpoint.mode] ?? ""}
          </Row>
          <Row name="Parameters">
            {Object.entries(endpoint.parameters ?? {})
              .map(([name, value]) => `${name} ${String(value)}`)
              .join(", ") || "the endpoint’s own"}
          </Row>
          <Row name="Prompts">
            {Object.entries(endpoint.prompts ?? {}).map(([file, hash]) => (
              <span key={file} class="prompt" title={`SHA-256 ${hash}`}>
                {file} <code>{hash.slice(0, 10)}</code>
              </span>
            ))}
          </Row>
        </>
      )}
      <Row name="Hook point">{hook}</Row>
      <Row name="Weights">
        <code>{(weights ?? "unknown").slice(0, 12)}</code>
      </Row>
      <Row name="When">
        {formatTime(started)}
        {finished === null ? ", not finished" : ""}, version {version}
      </Row>
    </Rows>
  );
}

function Rows({ children }: { children: ComponentChildren }) {
  return <dl class="made-rows">{children}</dl>;
}

function Row({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
