/** What a person found of one activation interval of one unit. */

import type { UnitKind } from "../../features/units.ts";
import type { Rubric } from "./rubric.ts";

/** What is rated: of which unit, 0 the lowest interval. */
export interface RatedInterval {
  readonly kind: UnitKind;
  readonly index: number;
  readonly interval: number;
}

export interface NewRating extends Rubric, RatedInterval {
  readonly rater: string;
  /** The rater's own words for the unit; may be empty. */
  readonly interpretation: string;
}

export interface StoredRating extends NewRating {
  readonly id: number;
  /** Sum of the points, 14 at most. */
  readonly total: number;
  readonly created: string;
}
