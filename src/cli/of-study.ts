/** Options of the commands that are about a study that is there. */

import { z } from "zod";

export const OF_STUDY = z.object({
  study: z
    .string()
    .min(1)
    .describe("the study's directory: what --out of sweep named")
    .meta({ placeholder: "FOLDER" }),
});
