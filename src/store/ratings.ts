/** Ratings by people. Like explanations they belong to a dictionary's weights, and outlive an analysis of them. */

import type { UnitKind } from "../features/units.ts";
import type { NewRating, StoredRating } from "../interpretation/ratings/rating.ts";
import { totalOf } from "../interpretation/ratings/rubric.ts";
import type { Connection } from "./connection.ts";
import type { Explained } from "./explanations.ts";

interface RatingRow {
  readonly id: number;
  readonly kind: UnitKind;
  readonly idx: number;
  readonly interval: number;
  readonly rater: string;
  readonly confidence: number;
  readonly activations: number;
  readonly logits: number;
  readonly separation: number | null;
  readonly specificity: number;
  readonly interpretation: string;
  readonly created: string;
}

const COLUMNS =
  "id, kind, idx, interval, rater, confidence, activations, logits, separation, specificity, interpretation, created";

export function readRatings(connection: Connection, { sae, kind, subject }: Explained): StoredRating[] {
  return connection
    .all<RatingRow>(
      `SELECT ${COLUMNS} FROM rating WHERE sae = ? AND kind = ? AND subject = ? ORDER BY id`,
      sae,
      kind,
      subject,
    )
    .map(ratingOf);
}

export function putRating(
  connection: Connection,
  { sae, kind, subject }: Explained,
  rating: NewRating,
): StoredRating {
  const { index, interval, confidence, activations, logits, separation, specificity } = rating;
  const key = [sae, kind, subject, index, interval, rating.rater.toWellFormed()] as const;
  connection.run(
    `INSERT INTO rating (sae, kind, subject, idx, interval, rater, confidence, activations, logits, separation, specificity, interpretation, created)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET confidence = excluded.confidence, activations = excluded.activations, logits = excluded.logits,
       separation = excluded.separation, specificity = excluded.specificity, interpretation = excluded.interpretation, created = excluded.created`,
    ...key,
    confidence,
    activations,
    logits,
    separation,
    specificity,
    rating.interpretation.toWellFormed(),
    new Date().toISOString(),
  );
  const row = connection.get<RatingRow>(
    `SELECT ${COLUMNS} FROM rating WHERE sae = ? AND kind = ? AND subject = ? AND idx = ? AND interval = ? AND rater = ?`,
    ...key,
  );
  return ratingOf(row!);
}

export function removeRating(connection: Connection, id: number): boolean {
  return connection.run("DELETE FROM rating WHERE id = ?", id).changes > 0;
}

function ratingOf({ idx, ...row }: RatingRow): StoredRating {
  return { ...row, index: idx, total: totalOf(row) };
}
