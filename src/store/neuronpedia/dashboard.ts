/**
 * A unit as SAEDashboard writes it into its batch files, which Neuronpedia's import reads: the same keys in the same order.
 *
 * Where that format has no place for what is known, or wants what is not known:
 *  - `bin_contains` is the share of active tokens in the interval (SAEDashboard counts zeros into the lowest one), from the
 *    histogram, whose bins are divided in proportion where an interval ends within one;
 *  - random examples belong to no interval and are left out;
 *  - `correlated_*_l1`, there the cosine of activations, is 0: Neuronpedia's page wants a number;
 *  - `loss_values` and `logit_contributions`, which SAEDashboard reads but cannot make, are those of stored ablations.
 */

import { type Example, type Histogram, INTERVALS, type Neighbour } from "../../features/records.ts";
import type { StoredAblation, StoredUnit } from "../stored.ts";

/** Tokens with the highest and with the lowest logit weights. */
const LOGITS = 10;

/** Rows of the tables of neurons and of correlated features. Neuronpedia shows two of them side by side, row by row. */
const NEIGHBOURS = 3;

export interface DashboardActivation {
  readonly bin_min: number;
  readonly bin_max: number;
  readonly bin_contains: number;
  readonly tokens: readonly string[];
  readonly values: readonly number[];
  readonly qualifying_token_index: number;
  readonly dfa_values: readonly number[];
  readonly dfa_maxValue: number;
  readonly dfa_targetIndex: number;
  readonly loss_values?: readonly number[];
  /** JSON of its own, see `logitContributions`. */
  readonly logit_contributions?: string;
}

export interface DashboardText {
  readonly dataset: string;
  /** Tokens of a context. */
  readonly context: number;
}

export type DashboardFeature = ReturnType<typeof dashboardFeature>;

/**
 * @param vector d_i, when it should be part of the export
 * @param tokenText for the tokens of ablations and logits
 */
export function dashboardFeature(
  unit: StoredUnit,
  ablations: readonly StoredAblation[],
  text: DashboardText,
  tokenText: (id: number) => string,
  vector: Float32Array | undefined,
) {
  const { index, statistics, logits, alignment, nearest } = unit.record;
  const neurons = first(alignment ?? []);
  const correlated = first(nearest.neurons);
  const features = first(nearest.activation);
  const norm = vector?.reduce((sum, x) => sum + Math.abs(x), 0) ?? 0;
  const bottom = logits?.bottom.slice(0, LOGITS) ?? [];
  const top = logits?.top.slice(0, LOGITS) ?? [];
  const strings = (weights: readonly { readonly token: number }[]) =>
    weights.map(({ token }) => tokenText(token));
  return {
    feature_index: index,
    neuron_alignment_indices: neurons.map((neuron) => neuron.index),
    neuron_alignment_values: neurons.map(({ value }) => short(value)),
    neuron_alignment_l1: neurons.map(({ value }) => (norm > 0 ? short(Math.abs(value) / norm) : 0)),
    correlated_neurons_indices: correlated.map((neuron) => neuron.index),
    correlated_neurons_l1: correlated.map(() => 0),
    correlated_neurons_pearson: correlated.map(({ value }) => short(value)),
    correlated_features_indices: features.map((feature) => feature.index),
    correlated_features_l1: features.map(() => 0),
    correlated_features_pearson: features.map(({ value }) => short(value)),
    neg_str: strings(bottom),
    neg_values: bottom.map(({ value }) => short(value)),
    pos_str: strings(top),
    pos_values: top.map(({ value }) => short(value)),
    frac_nonzero: statistics.density,
    freq_hist_data_bar_values: statistics.active === 0 ? [] : centres(statistics.histogram),
    freq_hist_data_bar_heights: statistics.active === 0 ? [] : statistics.histogram.counts,
    logits_hist_data_bar_heights: logits?.histogram.counts ?? [],
    logits_hist_data_bar_values: logits === null ? [] : centres(logits.histogram),
    n_prompts_total: Math.ceil(statistics.tokens / text.context),
    n_tokens_in_prompt: text.context,
    dataset: text.dataset,
    decoder_weights_dist: [],
    activations: activations(unit, ablations, tokenText),
    ...(vector === undefined ? {} : { vector: Array.from(vector, short) }),
  };
}

/** Top contexts first, then the intervals from the highest to the lowest: as SAEDashboard has them. */
function activations(
  { record, contexts }: StoredUnit,
  ablations: readonly StoredAblation[],
  tokenText: (id: number) => string,
): DashboardActivation[] {
  const { examples, statistics } = record;
  const key = (place: { readonly split: string; readonly context: number }) =>
    `${place.split} ${place.context}`;
  const tokensOf = new Map(contexts.map((context) => [key(context), context.tokens]));
  const ablationOf = new Map(ablations.map((ablation) => [key(ablation), ablation]));
  const rank = ({ group, interval }: Example) => (group === "top" ? INTERVALS : (interval ?? -1));
  return examples
    .filter(({ group }) => group !== "random")
    .toSorted((a, b) => rank(b) - rank(a) || b.value - a.value)
    .flatMap((example) => {
      const tokens = tokensOf.get(key(example));
      if (tokens === undefined) return [];
      const values = tokens.map(() => 0);
      example.positions.forEach((position, i) => (values[position] = short(example.values[i]!)));
      const ablation = ablationOf.get(key(example));
      return {
        ...bin(example, statistics.max, statistics.histogram),
        tokens,
        values,
        qualifying_token_index: example.position,
        dfa_values: [],
        dfa_maxValue: 0,
        dfa_targetIndex: -1,
        ...(ablation && {
          loss_values: Array.from(ablation.lossChange, short),
          logit_contributions: logitContributions(ablation, tokenText),
        }),
      };
    });
}

function bin({ group, interval }: Example, max: number, histogram: Histogram) {
  if (group === "top" || interval === null) return { bin_min: -1, bin_max: short(max), bin_contains: -1 };
  const [from, to] = [(interval * max) / INTERVALS, ((interval + 1) * max) / INTERVALS];
  return {
    bin_min: short(from),
    bin_max: short(to),
    // The highest value belongs to the highest interval, which has no end.
    bin_contains: short(shareBetween(histogram, from, interval === INTERVALS - 1 ? Infinity : to)),
  };
}

/** Share of a histogram's counts between two values; a bin that lies on both sides is divided in proportion. */
export function shareBetween({ start, width, counts }: Histogram, from: number, to: number): number {
  let within = 0;
  let all = 0;
  counts.forEach((count, i) => {
    const low = start + i * width;
    const overlap = Math.min(low + width, to) - Math.max(low, from);
    if (overlap > 0) within += count * Math.min(1, overlap / width);
    all += count;
  });
  return all === 0 ? 0 : within / all;
}

/**
 * `{"pos": [{"t": […], "v": […]}, …], "neg": […]}` with an element for each position of the context: the next tokens whose
 * log-probability the unit raises and lowers, and by how much. What falls when it is taken away is what it raises.
 */
export function logitContributions(
  { activations: { length }, lowered, raised }: StoredAblation,
  tokenText: (id: number) => string,
): string {
  const positions = (lists: StoredAblation["lowered"]) =>
    Array.from({ length }, (_, position) => {
      const changes = lists[position] ?? [];
      return {
        t: changes.map(({ token }) => tokenText(token)),
        v: changes.map(({ before, after }) => short(logOf(before) - logOf(after))),
      };
    });
  return JSON.stringify({ pos: positions(lowered), neg: positions(raised) });
}

/** A probability that left the range of floats counts as the smallest one within. */
function logOf(probability: number): number {
  return Math.log(Math.max(probability, 1e-45));
}

function centres({ start, width, counts }: Histogram): number[] {
  return counts.map((_, i) => short(start + (i + 0.5) * width));
}

function first(neighbours: readonly Neighbour[]): readonly Neighbour[] {
  return neighbours.slice(0, NEIGHBOURS);
}

/** Five digits, and no −0. */
export function short(value: number): number {
  return Number(value.toPrecision(5)) + 0;
}
