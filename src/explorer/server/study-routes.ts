/** Everything that is answered about studies. Nothing here writes. */

import { Hono } from "hono";
import type { StudyCatalogue } from "./study-catalogue.ts";
import { HttpFailure } from "./http-failure.ts";
import type { StudyView } from "./study-view.ts";

/** @param catalogue undefined: there are none */
export function studyRoutes(catalogue: StudyCatalogue | undefined): Hono {
  const routes = new Hono();
  const study = (id: string): StudyView => {
    if (catalogue === undefined) throw new HttpFailure(404, `there is no study "${id}" here`);
    return catalogue.study(id);
  };

  routes.get("/studies", (c) => c.json((catalogue?.studies() ?? []).map((one) => one.summary())));
  routes.get("/studies/:study/standing", async (c) => c.json(await study(c.req.param("study")).standing()));
  routes.get("/studies/:study/outcomes", (c) => c.json(study(c.req.param("study")).results()));
  routes.get("/studies/:study/effects", (c) => {
    const outcome = c.req.query("outcome");
    if (outcome === undefined)
      throw new HttpFailure(400, "effects?outcome=NAME takes the name of an outcome");
    return c.json(study(c.req.param("study")).effects(outcome));
  });
  routes.get("/studies/:study/variation", (c) => c.json(study(c.req.param("study")).variation()));
  return routes;
}
