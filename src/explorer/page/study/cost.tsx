/** What parts took beside what was expected of them. */

import { formatBytes, formatDuration } from "../../../report/format.ts";
import type { PartFacts, StudyOutcomes } from "../../../study/outcomes/outcome.ts";
import { STAGES } from "../../../study/plan.ts";

export function Cost({ outcomes: { parts } }: { outcomes: StudyOutcomes }) {
  const known = parts.filter(({ seconds, memoryBytes }) => seconds !== null || memoryBytes !== null);
  if (known.length === 0) return null;
  return (
    <section class="part">
      <header>
        <h2>Time and memory</h2>
        <p class="readout-at">beside what was expected; of parts that are done</p>
      </header>
      <div class="scroll">
        <table class="numbers cost">
          <Heads first="Stage" />
          <tbody>
            {STAGES.map((stage) => {
              const those = known.filter((part) => part.stage === stage);
              return those.length > 0 && <Row key={stage} name={stage} parts={those} />;
            })}
          </tbody>
        </table>
      </div>
      <details>
        <summary>Part by part</summary>
        <div class="scroll">
          <table class="numbers cost">
            <Heads first="Part" />
            <tbody>
              {known.map((part) => (
                <Row key={part.part} name={part.part} parts={[part]} />
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  );
}

const HEADS = ["Done", "Attempts", "Time, expected", "took", "ratio", "Memory, expected", "took", "ratio"];

function Heads({ first }: { first: string }) {
  return (
    <thead>
      <tr>
        <th scope="col">{first}</th>
        {HEADS.map((words, at) => (
          <th key={at} scope="col" class="n">
            {words}
          </th>
        ))}
      </tr>
    </thead>
  );
}

/** Times are added up, of memory the largest is what a machine has to have. */
function Row({ name, parts }: { name: string; parts: readonly PartFacts[] }) {
  const timed = parts.filter(({ seconds }) => seconds !== null);
  const sized = parts.filter(({ memoryBytes }) => memoryBytes !== null);
  const expected = sum(timed.map(({ forecast }) => forecast.seconds));
  const took = sum(timed.map(({ seconds }) => seconds!));
  const most = Math.max(...sized.map(({ forecast }) => forecast.memoryBytes));
  const largest = Math.max(...sized.map(({ memoryBytes }) => memoryBytes!));
  return (
    <tr>
      <th scope="row">{name}</th>
      <td class="n">{parts.length}</td>
      <td class="n">{sum(parts.map(({ attempts }) => attempts))}</td>
      <td class="n">{timed.length === 0 ? "–" : formatDuration(expected)}</td>
      <td class="n">{timed.length === 0 ? "–" : formatDuration(took)}</td>
      <td class="n">{timed.length === 0 ? "–" : <Ratio expected={expected} took={took} />}</td>
      <td class="n">{sized.length === 0 ? "–" : formatBytes(most)}</td>
      <td class="n">{sized.length === 0 ? "–" : formatBytes(largest)}</td>
      <td class="n">{sized.length === 0 ? "–" : <Ratio expected={most} took={largest} />}</td>
    </tr>
  );
}

/** More than twice as much as was expected stands out. */
function Ratio({ expected, took }: { expected: number; took: number }) {
  if (!(expected > 0)) return <>–</>;
  const ratio = took / expected;
  return <span class={ratio > 2 ? "failed" : undefined}>×{Number(ratio.toPrecision(2))}</span>;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
