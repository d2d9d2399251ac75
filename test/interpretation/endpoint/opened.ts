/** An endpoint on a stand-in, with short waits. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEndpoint, type OpenAIEndpoint } from "../../../src/interpretation/endpoint/openai-endpoint.ts";
import { type EndpointOptions, endpointOptions } from "../../../src/interpretation/endpoint/options.ts";
import { StandIn } from "../stand-in/server.ts";

/** @param more options of another server may be among them: a stopped one has no address */
export function options(server: StandIn, more: object = {}): EndpointOptions {
  const baseUrl = "baseUrl" in more ? more.baseUrl : server.url;
  return endpointOptions.parse({ model: "stand-in", ...more, baseUrl });
}

const ended: (() => unknown)[] = [];

/** Stops and removes what a test has made: for `afterEach`. */
export async function tidy(): Promise<void> {
  for (const end of ended.splice(0).reverse()) await end();
}

export async function standIn(...given: Parameters<typeof StandIn.start>): Promise<StandIn> {
  const server = await StandIn.start(...given);
  ended.push(() => server.stop());
  return server;
}

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "monosemantic-endpoint-"));
  ended.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export async function open(
  server: StandIn,
  more: object = {},
  place: { readonly cache?: string | null; readonly signal?: AbortSignal; readonly baseDelay?: number } = {},
): Promise<OpenAIEndpoint> {
  return openEndpoint(options(server, more), { cache: null, baseDelay: 2, ...place });
}

export const ask = (content: string, maxTokens = 50) =>
  ({ messages: [{ role: "user", content }], maxTokens }) as const;

/** The message of what a promise is rejected with. */
export async function sentence(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}
