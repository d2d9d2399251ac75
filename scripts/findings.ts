/**
 * What an analysed run shows, as Markdown for docs/results.md: ten features chosen by a rule beside ten drawn at random, the features
 * nearest to each proxy, and for one of them what taking it away does to its own tokens and what pinning it writes.
 *
 *     node scripts/findings.ts RUN [SAE] > findings.md
 *
 * The rule: of the features that are not single-token, with a density between 1e-4 and 1e-2, those whose ablation costs most on their
 * stored contexts (nats that the tokens lose which it helps, mean over contexts); none whose decoder has a cosine above 0.4 to one
 * chosen before.
 */

import { join } from "node:path";
import { activeAt, ablateContexts } from "../src/experiments/ablation.ts";
import { generate } from "../src/experiments/generate.ts";
import { intervene } from "../src/experiments/interventions.ts";
import { openProxies } from "../src/features/proxies/options.ts";
import type { Proxy } from "../src/features/proxies/proxy.ts";
import type { ProxyResult, StoredContext } from "../src/features/records.ts";
import { saeUnits, type Units } from "../src/features/units.ts";
import { openLiveModel } from "../src/model/live-model.ts";
import type { Tokenizer } from "../src/model/tokenizer.ts";
import { openStepper, type Stepper } from "../src/model/stepper.ts";
import { Random } from "../src/random.ts";
import { openSubject, type RunSubject } from "../src/run/subject.ts";
import { startEngine } from "../src/run/source.ts";
import { SaeForward, type SparseActivations } from "../src/sae/forward.ts";
import { Pool } from "../src/sae/pool.ts";
import { openStore, STORE_FILE } from "../src/store/store.ts";

const CHOSEN = 10;
/** Contexts from which a feature is taken away, and tokens of the proxy that each has at least. */
const CONTEXTS = 200;
const LEAST = 8;
const SCRIPTS: Readonly<Record<string, RegExp>> = {
  hangul: /\p{Script=Hangul}/u,
  hebrew: /\p{Script=Hebrew}/u,
  arabic: /\p{Script=Arabic}/u,
};
/** Features of a proxy that are looked at. */
const NEAREST = 5;
const SAMPLES = 20;
const LENGTH = 60;
const PINNED_PROMPT = "1,2,3,4,5,6,7,8,9,10";

const [run, wanted] = process.argv.slice(2);
if (run === undefined) throw new Error("node scripts/findings.ts RUN [SAE]");
const subject = await openSubject({ run, ...(wanted !== undefined && { saes: [wanted] }) });
const { name, sae } = subject.saes[0]!;
const store = openStore(join(run, STORE_FILE), { readonly: true });
const analysis = store.analysis(name, "feature");
if (analysis === undefined)
  throw new Error(`${run} has no analysis of ${name}: monosemantic features ${run}`);
const { count, tokens } = analysis.record;

interface Known {
  readonly index: number;
  readonly density: number;
  readonly max: number;
  readonly singleToken: boolean | null;
  /** Nats that the tokens lose which it helps, mean over the stored contexts. */
  readonly effect: number;
  readonly proxies: readonly ProxyResult[];
}

const known: Known[] = Array.from({ length: count }, (_, index) => {
  const { record } = store.unit(name, "feature", index)!;
  const ablations = store.ablations(name, "feature", index);
  const helped = ablations.map(({ lossChange }) =>
    Array.from(lossChange).reduce((sum, change) => sum + Math.max(0, change), 0),
  );
  return {
    index,
    density: record.statistics.density,
    max: record.statistics.max,
    singleToken: record.singleToken,
    effect: helped.reduce((sum, value) => sum + value, 0) / Math.max(1, helped.length),
    proxies: record.proxies,
  };
});

const alive = known.filter(({ density }) => density > 0);
say(
  `${name}: ${alive.length} of ${count} features alive on ${tokens.train + tokens.heldout} tokens; ` +
    `single-token ${share(alive, ({ singleToken }) => singleToken === true)}\n`,
);

say(`### Ten by the rule\n`);
table(chosenByRule());
say(`\n### Ten at random\n`);
const random = Random.of(1, "findings");
table(random.shuffle([...alive]).slice(0, CHOSEN));

say(`\n### Beside the proxies\n`);
say(
  "| proxy | feature | sensitivity | active tokens accepted | weighted by f | in the top three intervals | recall |",
);
say("|---|---|---|---|---|---|---|");
for (const proxy of analysis.record.proxies) {
  const best = nearestTo(proxy)[0]!;
  const result = best.proxies.find((one) => one.name === proxy)!;
  const top = result.specificity.slice(-3).map((value) => (value === null ? "–" : percent(value)));
  say(
    `| ${proxy} | ${best.index} | ${result.sensitivity.toFixed(2)} | ${percent(result.precision)} | ` +
      `${percent(result.weightedPrecision)} | ${top.join(", ")} | ${percent(result.recall)} |`,
  );
}

const engine = await startEngine(2);
const pool = new Pool(2);
const forward = await SaeForward.create(pool, sae);
const units = saeUnits(forward);
for (const proxy of ["hangul", "hebrew", "arabic", "base64"]) await causes(subject, units, proxy);
await Promise.all([engine.close(), pool.close()]);
store.close();

/** Features by their sensitivity to a proxy, highest first. */
function nearestTo(proxy: string): Known[] {
  const sensitivity = (one: Known) => one.proxies.find((result) => result.name === proxy)!.sensitivity;
  return [...alive].sort((a, b) => sensitivity(b) - sensitivity(a));
}

function chosenByRule(): Known[] {
  const candidates = alive
    .filter(({ singleToken, density }) => singleToken === false && density >= 1e-4 && density <= 1e-2)
    .sort((a, b) => b.effect - a.effect);
  const chosen: Known[] = [];
  for (const candidate of candidates) {
    if (chosen.length === CHOSEN) break;
    if (chosen.every((other) => cosine(candidate.index, other.index) <= 0.4)) chosen.push(candidate);
  }
  return chosen;
}

function cosine(a: number, b: number): number {
  const { d_in, W_dec } = sae;
  let [dot, aa, bb] = [0, 0, 0];
  for (let k = 0; k < d_in; k++) {
    const [x, y] = [W_dec[a * d_in + k]!, W_dec[b * d_in + k]!];
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return dot / Math.sqrt(aa * bb);
}

function table(features: readonly Known[]): void {
  say("| feature | density | without it | three of its highest contexts | logits it raises |");
  say("|---|---|---|---|---|");
  for (const { index, density, effect } of features) {
    const { record, row } = store.unit(name, "feature", index)!;
    const shown = record.examples
      .filter(({ group }) => group === "top")
      .slice(0, 3)
      .map(({ split, context, position }) => {
        const [{ tokens: ids }] = store.contexts(name, "feature", [{ split, context }]) as [StoredContext];
        const { tokenizer } = subject.source.model;
        const text = (from: number, to: number) => tokenizer.decode(ids.subarray(Math.max(0, from), to));
        const peak = code(tokenizer.tokenText(ids[position]!));
        return `${code(text(position - 8, position))} **${peak}** ${code(text(position + 1, position + 4))}`;
      });
    say(
      `| ${index} | ${density.toExponential(1)} | ${effect.toFixed(2)} | ${shown.join("<br>")} | ` +
        `${row.logits.slice(0, 6).map(code).join(" ")} |`,
    );
  }
}

/**
 * Takes each of the features nearest to a proxy away from the contexts with most tokens that it accepts, and pins each at its maximum. The sample that is shown is of the one whose pinned text the proxy accepts most.
 */
async function causes({ source, shards }: RunSubject, all: Units, proxy: string): Promise<void> {
  const { tokenizer } = source.model;
  const [detector] = openProxies([proxy], tokenizer, shards.train);
  const live = await openLiveModel(engine, source.model, source.hook, { maxTokens: source.context });
  const stepper = await openStepper(engine, source.model, source.hook, { batch: 2, capacity: 128 });
  const script = SCRIPTS[proxy];
  const texts: { ids: Int32Array; mask: boolean[]; f: SparseActivations }[] = [];
  for (const { ids, mask } of richest(shards, detector!)) {
    texts.push({ ids, mask, f: await all.encode((await live.read(ids)).activation) });
  }
  const accepted = texts.reduce((sum, { mask }) => sum + mask.filter((accepts) => accepts).length, 0);
  say(`\n### ${proxy}\n`);
  say(
    `The ${texts.length} contexts with most tokens that the proxy accepts, ${accepted} of them. Mean change of their loss when a feature is ` +
      `taken away; share of ${script === undefined ? "accepted tokens" : `characters of the script`} in ${SAMPLES} samples of ${LENGTH} tokens after \`${PINNED_PROMPT}\` at temperature 1, the ` +
      `feature pinned at its maximum, and not.\n`,
  );
  say("| feature | sensitivity | accepted tokens | other tokens | pinned | not |");
  say("|---|---|---|---|---|---|");
  let shown = { index: -1, share: -1, steered: "", plain: "" };
  for (const feature of nearestTo(proxy).slice(0, NEAREST)) {
    const changes: { own: number[]; others: number[] } = { own: [], others: [] };
    await ablateContexts(
      live,
      all,
      texts.map(({ ids, f }) => ({ tokens: ids, unit: feature.index, ...activeAt(f, feature.index) })),
      (i, { lossChange }) => {
        for (let t = 1; t < lossChange.length; t++) {
          (texts[i]!.mask[t] ? changes.own : changes.others).push(lossChange[t]!);
        }
      },
      { top: 1 },
    );
    const pinned = await pin(stepper, all, feature, tokenizer);
    const shareOf = (samples: readonly Int32Array[]) =>
      mean(
        samples.map((ids) =>
          script === undefined ? acceptedShare(detector!, ids) : scriptShare(script, tokenizer.decode(ids)),
        ),
      );
    const [steered, plain] = [shareOf(pinned.steered), shareOf(pinned.plain)];
    if (steered > shown.share) {
      const [a, b] = [pinned.steered[0]!, pinned.plain[0]!].map((ids) => tokenizer.decode(ids));
      shown = { index: feature.index, share: steered, steered: a!, plain: b! };
    }
    const { sensitivity } = feature.proxies.find((result) => result.name === proxy)!;
    say(
      `| ${feature.index} | ${sensitivity.toFixed(2)} | ${nats(mean(changes.own))} | ${nats(mean(changes.others))} | ` +
        `${percent(steered)} | ${percent(plain)} |`,
    );
  }
  await Promise.all([live.close(), stepper.close()]);
  say(`\nThe first sample with feature ${shown.index} pinned, and not:\n`);
  say(fenced(shown.steered));
  say(fenced(shown.plain));
}

/** Texts that continue the prompt with the feature clamped to its maximum at every position, and without. */
async function pin(stepper: Stepper, all: Units, { index, max }: Known, tokenizer: Tokenizer) {
  const samples: Record<"plain" | "steered", Int32Array[]> = { plain: [], steered: [] };
  const prompt = Int32Array.of(tokenizer.bosId, ...tokenizer.encode(PINNED_PROMPT));
  const steer = intervene([all], [{ kind: "feature", index, mode: "clamp", value: max }]);
  for (let seed = 0; seed < SAMPLES; seed++) {
    const ids: Record<"plain" | "steered", number[]> = { plain: [], steered: [] };
    for await (const event of generate(stepper, steer, {
      prompt,
      tokens: LENGTH,
      temperature: 1,
      topP: 1,
      seed,
    })) {
      if (event.type === "token") ids[event.which].push(event.token);
    }
    samples.plain.push(Int32Array.from(ids.plain));
    samples.steered.push(Int32Array.from(ids.steered));
  }
  return samples;
}

/** What is not whole is no character of it. */
function scriptShare(script: RegExp, text: string): number {
  const characters = [...text];
  return characters.filter((character) => script.test(character)).length / Math.max(1, characters.length);
}

function acceptedShare(detector: Proxy, ids: Int32Array): number {
  const scores = new Float64Array(ids.length);
  detector.evaluate(ids, ids.length, scores);
  return scores.filter((value) => value > 0).length / Math.max(1, ids.length);
}

/** The contexts with most tokens that the proxy accepts, where there are several. */
function richest({ heldout, train }: RunSubject["shards"], detector: Proxy) {
  const found: { ids: Int32Array; mask: boolean[]; accepted: number }[] = [];
  for (const split of [heldout, train]) {
    const values = new Float64Array(split.context);
    for (let context = 0; context < split.contexts; context++) {
      const ids = split.read(context, 1);
      detector.evaluate(ids, split.context, values);
      const mask = Array.from(values, (value) => value > 0);
      const accepted = mask.filter((accepts) => accepts).length;
      if (accepted >= LEAST) found.push({ ids, mask, accepted });
    }
  }
  return found.sort((a, b) => b.accepted - a.accepted).slice(0, CONTEXTS);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function share<T>(list: readonly T[], is: (one: T) => boolean): string {
  return percent(list.filter(is).length / list.length);
}

function nats(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}

function percent(value: number): string {
  return `${(100 * value).toFixed(value < 0.0995 ? 1 : 0)} %`;
}

/** As code in a table cell, with what would break it made visible. */
function code(text: string): string {
  const shown = text.replaceAll("\n", "↵").replaceAll("\t", "⇥").replaceAll("|", "¦").replaceAll("`", "ˋ");
  return shown.trim() === "" ? `\`·${shown}·\`` : `\`${shown}\``;
}

function fenced(text: string): string {
  return `\`\`\`text\n${text.replaceAll("```", "ˋˋˋ").replaceAll(/[\p{Cc}--[\n\t]]/gv, "·")}\n\`\`\`\n`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
