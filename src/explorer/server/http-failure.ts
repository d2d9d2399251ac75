/** A request that cannot be answered as asked: the sentence for the person, and the status for the page. */

import { Failure } from "../../errors.ts";

export type FailureStatus = 400 | 403 | 404 | 405 | 409 | 413 | 415 | 500 | 503;

export class HttpFailure extends Failure {
  readonly status: FailureStatus;

  constructor(status: FailureStatus, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}
