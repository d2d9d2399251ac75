/**
 * How a language model is reached and what it may cost. The key is no option: it is read from OPENAI_API_KEY when the endpoint is opened,
 * so that it is in no configuration, history or list of processes.
 */

import { z } from "zod";
import { UsageError } from "../../errors.ts";
import { SIMULATOR_MODES } from "./endpoint.ts";

const DEFAULT_BASE_URL = "https://api.openai.com/v1";

export const endpointOptions = z
  .object({
    model: z
      .string()
      .min(1)
      .optional()
      .describe("language model that explains, simulates and judges, by the name its server knows it by"),
    baseUrl: z
      .string()
      .optional()
      .describe(
        "where it is served, for any server that speaks OpenAI's protocol, such as http://localhost:8000/v1 " +
          `(default: OPENAI_BASE_URL, else ${DEFAULT_BASE_URL}); the key comes from OPENAI_API_KEY`,
      )
      .meta({ placeholder: "URL", verbatim: true }),
    concurrency: z.int().positive().max(1024).default(8).describe("requests under way at the same time"),
    requestTimeout: z
      .number()
      .positive()
      .max(300)
      .default(120)
      .describe(
        "seconds after which a request without an answer (with --stream: without a new word of it) is given up",
      ),
    retries: z
      .int()
      .min(0)
      .max(100)
      .default(5)
      .describe("times that a request is sent again after a busy server, a cut connection or half an answer"),
    budgetTokens: z
      .number()
      .positive()
      .optional()
      .describe("tokens, in and out together, after which no more is sent"),
    budgetMoney: z
      .number()
      .positive()
      .optional()
      .describe(
        "money, in the currency of the prices, after which no more is sent; wants --price-input and --price-output",
      ),
    priceInput: z.number().min(0).optional().describe("price of a million tokens in"),
    priceOutput: z.number().min(0).optional().describe("price of a million tokens out"),
    reasoningTokens: z
      .int()
      .min(0)
      .default(4096)
      .describe("for models that reason before they answer: tokens allowed for that, on top of the answer's"),
    simulator: z
      .enum(["auto", ...SIMULATOR_MODES])
      .default("auto")
      .describe(
        "how the model simulates activations: read from the probabilities of a prompt's own tokens, as expected values of the " +
          "numbers it answers, or those numbers alone; auto takes the best that the server can do",
      ),
    stream: z
      .boolean()
      .default(false)
      .describe("take answers word by word: for slow servers, and proxies that cut quiet connections"),
    offline: z
      .boolean()
      .default(false)
      .describe("send nothing: answers come from the cache, and what is not there is an error"),
  })
  .refine(
    ({ budgetMoney, priceInput, priceOutput }) =>
      budgetMoney === undefined || (priceInput !== undefined && priceOutput !== undefined),
    {
      path: ["budgetMoney"],
      message: "needs the prices to count with: give --price-input and --price-output, per million tokens",
    },
  );

export type EndpointOptions = z.output<typeof endpointOptions>;

/** Sent to servers that ask for no key: OpenAI's client sends none without one. */
export const NO_KEY = "none";

/** @returns the key from the environment, or what is sent where none is set */
export function keyFromEnvironment(): string {
  return process.env["OPENAI_API_KEY"]?.trim() || NO_KEY;
}

/**
 * The base URL to use.
 * @throws UsageError when it is none, or holds a user or a password: those would reach files and messages
 */
export function baseUrlOf(options: Pick<EndpointOptions, "baseUrl">): URL {
  const fromEnvironment = process.env["OPENAI_BASE_URL"]?.trim();
  const text = options.baseUrl ?? (fromEnvironment || DEFAULT_BASE_URL);
  const name = options.baseUrl === undefined ? "OPENAI_BASE_URL" : "--base-url";
  const url = URL.parse(text);
  if (url !== null && (url.username !== "" || url.password !== "")) {
    throw new UsageError(
      `${name} holds a user or a password: leave them out, and put the key into OPENAI_API_KEY`,
    );
  }
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new UsageError(`${name} is no address of a server: it reads like http://localhost:8000/v1`);
  }
  return url;
}

/** The address for files and messages: without user, password, query and fragment. */
export function addressOf(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`.replace(/\/+$/, "");
}
