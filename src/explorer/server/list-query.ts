/** The query of a list, from an address: whatever is not given has its default, whatever makes no sense is refused by name. */

import { z } from "zod";
import { UNIT_KINDS } from "../../features/units.ts";
import { type ListQuery, SORTS } from "../api.ts";
import { HttpFailure } from "./http-failure.ts";

/** Rows in one answer. */
export const LARGEST_PAGE = 1000;

const bound = z.coerce.number().nullable().default(null);

const schema = z.object({
  kind: z.enum(UNIT_KINDS).default("feature"),
  q: z.string().max(500).default(""),
  sort: z.enum(SORTS).default("index"),
  descending: z
    .enum(["true", "false"])
    .default("false")
    .transform((word) => word === "true"),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(0).max(LARGEST_PAGE).default(100),
  minDensity: bound,
  maxDensity: bound,
  minMax: bound,
  minScore: bound,
  filter: z.enum(["all", "alive", "dead", "single", "other"]).default("all"),
});

/** @throws HttpFailure (400) naming the parameter that cannot be read */
export function listQuery(parameters: Readonly<Record<string, string>>): ListQuery {
  const given = Object.entries(parameters).filter(([name, value]) => value !== "" || name === "q");
  const parsed = schema.safeParse(Object.fromEntries(given));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new HttpFailure(400, `the list cannot be asked so: ${issue.path.join(".")}: ${issue.message}`);
}
