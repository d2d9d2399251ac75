/** Everything that a GET answers: runs, curves, densities, lists of units, one unit, the map. Nothing here writes. */

import { Hono } from "hono";
import { type UnitKind, UNIT_KINDS } from "../../features/units.ts";
import { unitPage } from "../answers.ts";
import type { Explored } from "./explored.ts";
import { HttpFailure } from "./http-failure.ts";
import { listQuery } from "./list-query.ts";

export function readRoutes(explored: Explored): Hono {
  const routes = new Hono();

  routes.get("/runs", (c) => c.json(explored.summaries()));

  routes.get("/runs/:run", (c) => c.json(explored.summary(c.req.param("run"))));

  routes.get("/runs/:run/curves", (c) => {
    const after = Number(c.req.query("after") ?? -1);
    if (Number.isNaN(after)) throw new HttpFailure(400, "curves?after=STEP takes the number of a step");
    return c.json(explored.run(c.req.param("run")).curves(after));
  });

  routes.get("/runs/:run/quality", (c) => c.json(explored.run(c.req.param("run")).quality()));

  routes.get("/runs/:run/:sae/units", (c) => {
    const { store, sae } = explored.analysed(c.req.param("run"), c.req.param("sae"));
    const query = listQuery(c.req.query());
    explored.requireKind(c.req.param("run"), sae, query.kind);
    return c.json(store.list(sae, query));
  });

  routes.get("/runs/:run/:sae/units/:kind/:index", (c) => {
    const { store, sae } = explored.analysed(c.req.param("run"), c.req.param("sae"));
    const { kind, index } = unitOf(c.req.param("kind"), c.req.param("index"));
    const page = unitPage(store, sae, kind, index);
    if (page !== undefined) return c.json(page);
    explored.requireKind(c.req.param("run"), sae, kind);
    throw new HttpFailure(404, `there is no ${kind} ${index} in ${sae}`);
  });

  routes.get("/runs/:run/:sae/map", (c) => {
    const { store, sae } = explored.analysed(c.req.param("run"), c.req.param("sae"));
    return c.json(store.map(sae, "feature"));
  });

  return routes;
}

/** @throws HttpFailure (404) for what is no unit's address */
export function unitOf(kind: string, index: string): { kind: UnitKind; index: number } {
  const known = UNIT_KINDS.find((candidate) => candidate === kind);
  if (known === undefined || !/^\d{1,9}$/.test(index)) {
    throw new HttpFailure(
      404,
      `there is no ${kind}/${index}: a unit is feature/NUMBER or neuron/NUMBER, counted from 0`,
    );
  }
  return { kind: known, index: Number(index) };
}
