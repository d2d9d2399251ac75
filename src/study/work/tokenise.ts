/** One slice of a text on its own, where tokenising is divided among several parts. */

import { Failure } from "../../errors.ts";
import type { Job } from "./job.ts";

export async function tokenise({ part }: Job): Promise<void> {
  throw new Failure(`${part.name}: texts cannot be tokenised in slices yet`);
}
