import { describe, expect, it } from "vitest";
import { bootstrapIntervals } from "../../src/evaluation/bootstrap.ts";
import { evaluateSae } from "../../src/evaluation/evaluate.ts";
import { resamplingUnits } from "../../src/evaluation/resampling-units.ts";
import { evaluationSchema } from "../../src/evaluation/result.ts";
import { Random } from "../../src/random.ts";
import type { TokenSplit } from "../../src/text/shards.ts";
import { percentiles } from "../../src/statistics/quantiles.ts";
import { randomDictionary } from "./dictionary.ts";
import { linearModel } from "./linear-model.ts";

const size = { dIn: 6, vocabulary: 11, contexts: 40, context: 9, batch: 7 };

/** The linear model's text with separators (token 0) and starts of contexts, so that documents are of many lengths. */
function text(seed: number): { cut: ReturnType<typeof linearModel>["cut"]; tokens: TokenSplit } {
  const { cut, tokens } = linearModel(seed, size);
  const random = Random.of(seed, "starts");
  const starts = Array.from({ length: size.contexts }, (_, i) => i).filter(() => random.uniform() < 0.3);
  return { cut, tokens: { ...tokens, boundaries: { separator: 0, starts } } };
}

describe("resamplingUnits", () => {
  it("counts tokens and predictions of each document", () => {
    const tokens: TokenSplit = {
      contexts: 3,
      context: 4,
      boundaries: { separator: 0, starts: [2] },
      read: (_first, _count, into = new Int32Array(12)) => (
        into.set([0, 1, 0, 2, 0, 3, 3, 0, 0, 4, 4, 4]),
        into
      ),
    };
    const units = resamplingUnits(tokens, 3);
    expect(units.kind).toBe("document");
    expect([...units.of]).toEqual([0, 0, 1, 1, 1, 1, 1, 2, 3, 3, 3, 3]);
    expect([...units.tokens]).toEqual([2, 5, 1, 4]);
    expect([...units.predictions]).toEqual([2, 4, 0, 3]);
  });

  it("are sequences where documents are not known", () => {
    const units = resamplingUnits({ contexts: 2, context: 3, read: () => new Int32Array(6) }, 2);
    expect({ kind: units.kind, of: [...units.of] }).toEqual({ kind: "sequence", of: [0, 0, 0, 1, 1, 1] });
  });
});

describe("intervals over documents", () => {
  it("leave the numbers as they are, and are those of sums over documents drawn with replacement", async () => {
    const { cut, tokens } = text(21);
    const sae = randomDictionary(21, 6, 10);
    const request = { cut, sae, maxTokens: 1e9, seed: 4 };
    const { result } = await evaluateSae({ ...request, tokens });
    const { boundaries: _, ...plain } = tokens;
    const { result: bySequence } = await evaluateSae({ ...request, tokens: plain });
    expect(result.interval_unit).toBe("document");
    expect(bySequence.interval_unit).toBe("sequence");
    expect(bySequence.documents).toBeNull();
    for (const field of ["ce_sae", "loss_recovered_zero", "kl", "mse", "l0", "explained_variance"] as const)
      expect(result[field]).toBeCloseTo(bySequence[field]!, 10);

    const units = resamplingUnits(tokens, size.contexts);
    expect(result.documents).toBe(units.count);
    const { activation } = await whole(cut, tokens);
    const { rowOffsets } = await sae.reconstruct(activation, new Float32Array(activation.length));
    const active = new Float64Array(units.count);
    units.of.forEach((unit, row) => (active[unit]! += rowOffsets[row + 1]! - rowOffsets[row]!));
    const random = Random.of(4, "evaluation bootstrap");
    const draws = Array.from({ length: 1000 }, () => {
      let [sum, count] = [0, 0];
      for (let draw = 0; draw < units.count; draw++) {
        const unit = random.integer(units.count);
        sum += active[unit]!;
        count += units.tokens[unit]!;
      }
      return sum / count;
    });
    const [low, high] = percentiles(draws);
    expect(result.l0_ci![0]).toBeCloseTo(low, 10);
    expect(result.l0_ci![1]).toBeCloseTo(high, 10);
  });

  it("are wider than over sequences where documents have levels of their own", () => {
    const random = Random.of(9);
    // Twenty documents of ten sequences each.
    const level = Array.from({ length: 20 }, () => random.normal());
    const loss = Float64Array.from(
      { length: 200 },
      (_, i) => level[Math.floor(i / 10)]! + 0.1 * random.normal(),
    );
    const tokens: TokenSplit = {
      contexts: 200,
      context: 2,
      boundaries: { separator: 99, starts: level.map((_, i) => 10 * i) },
      read: (_first, count, into = new Int32Array(2 * count)) => into,
    };
    const width = (split: TokenSplit) => {
      const units = resamplingUnits(split, 200);
      const sums = { loss: new Float64Array(units.count), tokens: units.tokens };
      units.of.forEach((unit, token) => (sums.loss[unit]! += loss[Math.floor(token / 2)]!));
      const { mean } = bootstrapIntervals(sums, { mean: (s) => s.loss / s.tokens }, 1);
      return mean![1] - mean![0];
    };
    const { boundaries: _, ...plain } = tokens;
    expect(width(tokens)).toBeGreaterThan(2 * width(plain));
  });

  it("are the same whatever the batch, and read back from files of earlier versions as over sequences", async () => {
    const sae = randomDictionary(22, 6, 10);
    const { tokens } = text(22);
    const results = [];
    for (const batch of [1, 7, 40]) {
      const { cut } = linearModel(22, { ...size, batch });
      results.push((await evaluateSae({ cut, tokens, sae, maxTokens: 1e9, seed: 1 })).result);
    }
    for (const { ce_increase_ci } of results)
      expect(ce_increase_ci![0]).toBeCloseTo(results[0]!.ce_increase_ci![0], 9);
    const { documents: _d, interval_unit: _u, ...earlier } = results[0]!;
    expect(evaluationSchema.parse(earlier)).toMatchObject({ documents: null, interval_unit: "sequence" });
  });
});

/** Activations of the whole text. */
async function whole(cut: ReturnType<typeof linearModel>["cut"], tokens: TokenSplit) {
  const rows: number[] = [];
  for (let first = 0; first < size.contexts; first += size.batch) {
    const count = Math.min(size.batch, size.contexts - first);
    const batch = new Int32Array(size.batch * size.context);
    tokens.read(first, count, batch.subarray(0, count * size.context));
    const { activation } = await cut.prefix(batch);
    rows.push(...activation.subarray(0, count * size.context * cut.dIn));
  }
  return { activation: Float32Array.from(rows) };
}
