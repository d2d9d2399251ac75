import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Failure } from "../../src/errors.ts";
import { configJson, parseConfig, readConfig, type Activation } from "../../src/model/config.ts";

const path = "gpt/config.json";
const small = { model_type: "gpt2", n_layer: 2, n_head: 2, n_embd: 8, vocab_size: 10, n_positions: 4 };

/** DistilGPT-2's config.json as it is on the hub. */
const distilgpt2 = {
  _num_labels: 1,
  activation_function: "gelu_new",
  architectures: ["GPT2LMHeadModel"],
  attn_pdrop: 0.1,
  bos_token_id: 50256,
  embd_pdrop: 0.1,
  eos_token_id: 50256,
  id2label: { 0: "LABEL_0" },
  initializer_range: 0.02,
  label2id: { LABEL_0: 0 },
  layer_norm_epsilon: 1e-5,
  model_type: "gpt2",
  n_ctx: 1024,
  n_embd: 768,
  n_head: 12,
  n_layer: 6,
  n_positions: 1024,
  resid_pdrop: 0.1,
  summary_activation: null,
  summary_first_dropout: 0.1,
  summary_proj_to_labels: true,
  summary_type: "cls_index",
  summary_use_proj: true,
  task_specific_params: { "text-generation": { do_sample: true, max_length: 50 } },
  vocab_size: 50257,
};

describe("config.json", () => {
  it("of DistilGPT-2 is understood in full", () => {
    expect(parseConfig(distilgpt2, path)).toEqual({
      nLayer: 6,
      nHead: 12,
      dModel: 768,
      dHead: 64,
      dMlp: 3072,
      vocabSize: 50257,
      context: 1024,
      activation: "gelu_tanh",
      layerNormEpsilon: 1e-5,
      tieWordEmbeddings: true,
      bosId: 50256,
      eosId: 50256,
    });
  });

  it("takes n_inner, an untied head, n_ctx alone, a list of ids and a missing model_type", () => {
    const { model_type: _, n_positions: __, ...rest } = small;
    const config = parseConfig(
      {
        ...rest,
        n_ctx: 7,
        n_inner: 12,
        tie_word_embeddings: false,
        eos_token_id: [3, 4],
        bos_token_id: null,
      },
      path,
    );
    expect(config).toMatchObject({
      context: 7,
      dMlp: 12,
      tieWordEmbeddings: false,
      eosId: 3,
      bosId: undefined,
    });
  });

  it("drops a BOS id that the vocabulary does not have", () => {
    expect(parseConfig({ ...small, bos_token_id: 50256, eos_token_id: 9 }, path)).toMatchObject({
      bosId: undefined,
      eosId: 9,
    });
  });

  it.each<[string, Activation]>([
    ["relu", "relu"],
    ["gelu", "gelu"],
    ["gelu_new", "gelu_tanh"],
    ["gelu_pytorch_tanh", "gelu_tanh"],
    ["gelu_fast", "gelu_tanh"],
  ])("knows the activation %s", (name, activation) => {
    expect(parseConfig({ ...small, activation_function: name }, path).activation).toBe(activation);
  });

  it("passes over what does not touch the forward pass, also when it is spelled out as neutral", () => {
    const neutral = {
      scale_attn_weights: true,
      scale_attn_by_inverse_layer_idx: false,
      reorder_and_upcast_attn: true,
      add_cross_attention: false,
      pruned_heads: {},
      rope_scaling: null,
      use_cache: true,
      torch_dtype: "float16",
    };
    expect(parseConfig({ ...small, ...neutral }, path)).toEqual(parseConfig(small, path));
  });

  const refused: [string, unknown, RegExp][] = [
    ["model_type", "llama", /model_type "llama", expected "gpt2"/],
    ["model_type", 7, /model_type 7/],
    ["activation_function", "silu", /activation_function "silu".*gelu_new/],
    ["activation_function", "constructor", /activation_function "constructor"/],
    [
      "scale_attn_by_inverse_layer_idx",
      true,
      /scale_attn_by_inverse_layer_idx true, which is not implemented/,
    ],
    ["scale_attn_weights", false, /scale_attn_weights false/],
    ["add_cross_attention", true, /add_cross_attention/],
    ["quantization_config", { bits: 4 }, /quantization_config \{"bits":4\}/],
    ["pruned_heads", { 0: [1] }, /pruned_heads/],
    ["rope_scaling", { type: "linear" }, /rope_scaling/],
    ["n_layer", "two", /n_layer "two", expected a whole number/],
    ["n_layer", undefined, /no n_layer/],
    ["n_layer", 1e12, /n_layer 1000000000000/],
    ["n_head", 3, /n_embd 8 and n_head 3/],
    ["n_positions", undefined, /no n_positions/],
    ["n_embd", 7.5, /n_embd 7.5/],
    ["vocab_size", -1, /vocab_size -1/],
    ["layer_norm_epsilon", 0, /layer_norm_epsilon 0/],
    ["tie_word_embeddings", "no", /tie_word_embeddings "no"/],
    ["bos_token_id", "<s>", /bos_token_id "<s>"/],
  ];
  it.each(refused)("refuses %s %j by name", (field, value, sentence) => {
    const parse = () => parseConfig({ ...small, [field]: value }, path);
    expect(parse).toThrow(Failure);
    expect(parse).toThrow(sentence);
    expect(parse).toThrow(path);
  });

  it.each([[null], [[]], ["gpt2"], [3]])("refuses %j", (value) => {
    expect(() => parseConfig(value, path)).toThrow(/not an object/);
  });

  it("survives being written and read", () => {
    for (const activation of ["relu", "gelu", "gelu_tanh"] as const) {
      const config = { ...parseConfig({ ...small, n_inner: 5, bos_token_id: 1 }, path), activation };
      expect(parseConfig(JSON.parse(JSON.stringify(configJson(config))), path)).toEqual(config);
    }
  });
});

const nano = join(import.meta.dirname, "../../../shared/oracles/gpt-nano-sort");
describe.skipIf(!existsSync(nano))("a trained model's config.json", () => {
  it("is read from its folder", () => {
    expect(readConfig(nano)).toMatchObject({ nLayer: 3, dModel: 48, dHead: 16, context: 11, vocabSize: 3 });
  });

  it("that is missing is named", () => {
    expect(() => readConfig(join(nano, "nowhere"))).toThrow(/nowhere\/config.json: there is no such file/);
  });
});
