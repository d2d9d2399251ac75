/** What is answered about interpretations, and to people who rate. The one thing that is written is a rating. */

import { Hono } from "hono";
import { Failure } from "../../errors.ts";
import type { Interpretation } from "../../interpretation/result.ts";
import { explanationPage } from "../explanation-page.ts";
import { ratingResults } from "../rating-results.ts";
import type { Explored } from "./explored.ts";
import { HttpFailure } from "./http-failure.ts";
import { RatingDesk } from "./rating-desk.ts";
import { bodyOf, raterOf, ratingRequest } from "./requests.ts";

export function interpretationRoutes(explored: Explored): Hono {
  const routes = new Hono();
  const desk = new RatingDesk(explored);

  routes.get("/runs/:run/:sae/explanations/:id", (c) => {
    const { store, sae } = explored.analysed(c.req.param("run"), c.req.param("sae"));
    const id = c.req.param("id");
    const page = /^\d{1,15}$/.test(id) ? explanationPage(store, sae, Number(id)) : undefined;
    if (page !== undefined) return c.json(page);
    throw new HttpFailure(
      404,
      `there is no explanation ${id} of ${sae}: it may have been replaced by another one`,
    );
  });

  routes.get("/runs/:run/:sae/interpretations", (c) => {
    const { run, sae } = explored.sae(c.req.param("run"), c.req.param("sae"));
    return c.json(shownInterpretations(run.interpretations(sae.name)));
  });

  routes.get("/runs/:run/:sae/rating/next", (c) => {
    const rater = raterOf(c.req.query("rater"));
    return c.json(desk.next(c.req.param("run"), c.req.param("sae"), rater));
  });

  routes.get("/runs/:run/:sae/ratings", (c) => {
    const { store, sae } = explored.analysed(c.req.param("run"), c.req.param("sae"));
    return c.json(ratingResults(store, sae));
  });

  routes.post("/runs/:run/:sae/ratings", async (c) => {
    const rating = await bodyOf(c, ratingRequest);
    return c.json(desk.rate(c.req.param("run"), c.req.param("sae"), rating));
  });

  return routes;
}

/** Files that are not whole are told of in the notes of the newest that is. @throws Failure when none is */
export function shownInterpretations({
  interpretations,
  problems,
}: {
  readonly interpretations: readonly Interpretation[];
  readonly problems: readonly string[];
}): readonly Interpretation[] {
  const [newest, ...others] = interpretations;
  if (problems.length === 0) return interpretations;
  if (newest === undefined) throw new Failure(problems.join("; "));
  return [{ ...newest, notes: [...newest.notes, ...problems] }, ...others];
}
