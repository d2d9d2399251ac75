/** The bodies of experiments, checked: what is wrong with one is said in a sentence that names the field. */

import type { Context } from "hono";
import { z } from "zod";
import { UNIT_KINDS } from "../../features/units.ts";
import { HttpFailure } from "./http-failure.ts";

/** More than any model here has positions for; what is beyond those is cut. */
const text = z.string().max(200_000);
const index = z.int().min(0);
const kind = z.enum(UNIT_KINDS);

export const textRequest = z.object({ text });

export const ablateRequest = z.object({ text, kind, index });

export const attributionRequest = z.object({ text, position: z.int().min(0) });

export const ablationRequest = z.object({
  contexts: z
    .array(z.object({ split: z.enum(["train", "heldout"]), context: z.int().min(0) }))
    .min(1)
    .max(100),
});

export const labelRequest = z.object({ text: z.string().trim().min(1).max(2000) });

/** Names are shown to others and kept: short, with letters to be seen. */
const rater = z
  .string({ error: "a rater needs a name" })
  .trim()
  .min(1, "a rater needs a name")
  .max(60, "a rater's name has 60 characters at most")
  .refine((name) => /[\p{L}\p{N}]/u.test(name), "a rater's name has a letter or a digit in it")
  .refine(
    (name) => name.isWellFormed() && !/[\p{Cc}\u2028\u2029]/u.test(name),
    "a rater's name has no control characters",
  );

const points = z.int().min(0).max(5);

/** Which numbers each criterion allows, the rubric says. */
export const ratingRequest = z.object({
  rater,
  item: z.string().min(1).max(100),
  interpretation: z.string().trim().max(2000),
  confidence: points,
  activations: points,
  logits: points,
  separation: points.nullable(),
  specificity: points,
});

/** The name in an address. @throws HttpFailure (400) */
export function raterOf(name: string | undefined): string {
  const parsed = rater.safeParse(name);
  if (parsed.success) return parsed.data;
  throw new HttpFailure(400, `rating/next?rater=NAME: ${parsed.error.issues[0]!.message}`);
}

export const generationRequest = z.object({
  prompt: text,
  interventions: z
    .array(z.object({ kind, index, mode: z.enum(["clamp", "add"]), value: z.number().min(-1e6).max(1e6) }))
    .max(32),
  tokens: z.int().min(1).max(2048),
  temperature: z.number().min(0).max(10),
  topP: z.number().gt(0).max(1),
  seed: z.int().min(0),
});

/** The body as `schema` says. @throws HttpFailure (400) naming what is wrong */
export async function bodyOf<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  let body: unknown;
  try {
    body = await c.req.json();
  } catch (error) {
    if (error instanceof HttpFailure) throw error;
    throw new HttpFailure(400, "the body is not JSON");
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const field = issue.path.length === 0 ? "the body" : issue.path.join(".");
  throw new HttpFailure(400, `${field}: ${issue.message}`);
}
