/** What went wrong with a request, as a sentence that can be shown. */

export class ApiError extends Error {
  /** Of the answer; 0 when none came. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}
