import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSafetensors } from "../../src/files/safetensors.ts";
import { writeSafetensors } from "../../src/files/safetensors-write.ts";
import type { Sae } from "../../src/sae/dictionary.ts";
import { readSae, writeSae } from "../../src/sae/saelens.ts";
import { plainForward, randomSae } from "./plain-forward.ts";

const [d_in, d_sae] = [6, 40];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "monosemantic-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const config = () => JSON.parse(readFileSync(join(folder, "cfg.json"), "utf8")) as Record<string, unknown>;
const writeConfig = (change: Record<string, unknown>) =>
  writeFileSync(join(folder, "cfg.json"), JSON.stringify({ ...config(), ...change }));

function rewrite(sae: Sae, change: Record<string, { dims: number[]; data: Float32Array }>): void {
  writeSae(folder, sae);
  const file = openSafetensors(join(folder, "sae_weights.safetensors"));
  const tensors = Object.fromEntries(
    file.names.map((name) => [name, { dims: file.info(name).shape, data: file.readFloats(name) }]),
  );
  file.close();
  writeSafetensors(join(folder, "sae_weights.safetensors"), { ...tensors, ...change });
}

test.each(["standard", "topk", "jumprelu", "gated"] as const)(
  "a %s dictionary comes back as it was",
  (architecture) => {
    const metadata = { model_name: "distilgpt2", hook_name: "blocks.5.hook_mlp_out", context_size: 128 };
    const sae = randomSae(architecture, d_in, d_sae, { metadata, apply_b_dec_to_input: false });
    writeSae(folder, sae);
    const back = readSae(folder);
    expect({ ...back, metadata: {} }).toEqual({ ...sae, metadata: {} });
    expect(back.metadata).toMatchObject(metadata);
  },
);

test("the files have SAELens's names, shapes and fields", () => {
  const sae = randomSae("standard", d_in, d_sae, { metadata: { model_name: "distilgpt2" } });
  writeSae(folder, sae);
  expect(config()).toEqual({
    architecture: "standard",
    d_in,
    d_sae,
    dtype: "float32",
    device: "cpu",
    apply_b_dec_to_input: true,
    normalize_activations: "none",
    reshape_activations: "none",
    metadata: { sae_lens_version: "6.18.0", sae_lens_training_version: null, model_name: "distilgpt2" },
  });
  const file = openSafetensors(join(folder, "sae_weights.safetensors"));
  expect(Object.fromEntries(file.names.map((name) => [name, file.info(name).shape]))).toEqual({
    W_enc: [d_in, d_sae],
    W_dec: [d_sae, d_in],
    b_enc: [d_sae],
    b_dec: [d_in],
  });
  expect(file.readFloats("W_enc")[3 * d_sae + 11]).toBe(sae.W_enc[11 * d_in + 3]);
  file.close();
});

describe("variants of the layout", () => {
  test("topk on activations times the decoder's norm gives the same reconstructions with norms folded in", () => {
    const sae = randomSae("topk", d_in, d_sae);
    writeSae(folder, sae);
    writeConfig({ rescale_acts_by_decoder_norm: true });
    const x = randomSae("standard", d_in, 4).W_enc;
    const norm = (i: number) => Math.hypot(...sae.W_dec.subarray(i * d_in, (i + 1) * d_in));
    // As SAELens does it: rank f·‖W_dec‖, decode with f/‖W_dec‖ of the rescaled ones.
    const ranked = plainForward(
      {
        ...sae,
        W_enc: sae.W_enc.map((v, e) => v * norm(Math.floor(e / d_in))),
        b_enc: sae.b_enc.map((b, i) => b * norm(i)),
      },
      x,
    );
    const folded = plainForward(readSae(folder), x);
    folded.f.forEach((row, j) => row.forEach((value, i) => expect(value).toBeCloseTo(ranked.f[j]![i]!, 4)));
    folded.reconstruction.forEach((row, j) =>
      row.forEach((value, k) => {
        const decoded = ranked.f[j]!.reduce(
          (sum, f, i) => sum + (f / norm(i)) * sae.W_dec[i * d_in + k]!,
          sae.b_dec[k]!,
        );
        expect(value).toBeCloseTo(decoded, 4);
      }),
    );
  });

  test("a flat file from before version 6", () => {
    writeSae(folder, randomSae("standard", d_in, d_sae));
    writeFileSync(
      join(folder, "cfg.json"),
      JSON.stringify({
        d_in,
        d_sae,
        dtype: "torch.float32",
        activation_fn_str: "topk",
        activation_fn_kwargs: { k: 7 },
        normalize_activations: false,
        hook_point: "blocks.1.hook_resid_pre",
        model_name: "gpt2-small",
      }),
    );
    expect(readSae(folder)).toMatchObject({
      architecture: "topk",
      k: 7,
      apply_b_dec_to_input: true,
      normalize_activations: "none",
      metadata: { hook_name: "blocks.1.hook_resid_pre", model_name: "gpt2-small" },
    });
  });

  test("a scale beside the weights is folded in; without it the reader has to find it", () => {
    const sae = randomSae("standard", d_in, d_sae);
    writeSae(folder, { ...sae, normalize_activations: "expected_average_only_in" });
    expect(readSae(folder).normalize_activations).toBe("expected_average_only_in");
    writeFileSync(join(folder, "activation_scaler.json"), '{"scaling_factor": 4}');
    const read = readSae(folder);
    expect(read.normalize_activations).toBe("none");
    expect(read.b_dec).toEqual(sae.b_dec.map((value) => value / 4));
    writeFileSync(join(folder, "activation_scaler.json"), '{"scaling_factor": -4}');
    expect(() => readSae(folder)).toThrow(/scaling_factor is -4, expected a positive number/);
  });
});

describe("refused with a sentence", () => {
  beforeEach(() => writeSae(folder, randomSae("standard", d_in, d_sae)));

  test.each([
    [
      { architecture: "matryoshka" },
      /cfg.json: architecture "matryoshka" is not implemented, expected .*standard/,
    ],
    [{ architecture: "topk" }, /needs k/],
    [{ architecture: "topk", k: 41 }, /k 41 is more than the 40 features/],
    [
      { normalize_activations: "constant_norm_rescale" },
      /normalize_activations "constant_norm_rescale" is not implemented/,
    ],
    [{ reshape_activations: "sideways" }, /reshape_activations "sideways"/],
    [{ activation_fn_str: "tanh-relu" }, /activation_fn "tanh-relu"/],
    [{ finetuning_scaling_factor: true }, /finetuning_scaling_factor is not implemented/],
    [{ d_out: 7 }, /transcoder/],
    [{ d_in: "6" }, /cfg.json: d_in: /],
    [{ d_sae: 41 }, /b_enc is \[40\], but cfg.json says \[41\]/],
    [{ architecture: "gated" }, /has no tensor "b_mag"/],
  ])("%o", (change, message) => {
    writeConfig(change);
    expect(() => readSae(folder)).toThrow(message);
  });

  test("numbers that are not finite", () => {
    rewrite(randomSae("standard", d_in, d_sae), {
      b_dec: { dims: [d_in], data: Float32Array.of(0, 0, NaN, 0, 0, 0) },
    });
    expect(() => readSae(folder)).toThrow(/b_dec holds NaN at element 2/);
  });

  test("a feature scale of the old format that is not 1", () => {
    rewrite(randomSae("standard", d_in, d_sae), {
      scaling_factor: { dims: [d_sae], data: new Float32Array(d_sae).fill(2) },
    });
    expect(() => readSae(folder)).toThrow(/scaling_factor is not implemented/);
  });

  test("a folder that holds nothing", () => {
    mkdirSync(join(folder, "empty"));
    expect(() => readSae(join(folder, "empty"))).toThrow(/cannot read .*cfg.json: there is no such file/);
  });
});
