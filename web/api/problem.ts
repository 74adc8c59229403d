import type { Problem, ProblemField } from "./types";

/** The server refused or failed; `problem` is what it says of it, null where the answer was not the server's own. */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Problem | null;

  constructor(status: number, body: unknown) {
    const problem = isProblem(body) ? body : null;
    super(problem?.detail ?? `The server answered with status ${status}.`);
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
  }
}

/** What went wrong, as a page shows it. `unreachable`: the server gave no answer, so that asking again may help. */
export type Failure = { detail: string; errors: readonly ProblemField[]; unreachable: boolean };

const UNREACHABLE =
  "Rolldeck's server does not answer. It may have been stopped; this page goes on by itself once it is back.";

export function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) {
    const ofAProxy = error.problem === null && error.status >= 500;
    return ofAProxy
      ? { detail: UNREACHABLE, errors: [], unreachable: true }
      : { detail: error.message, errors: error.problem?.errors ?? [], unreachable: false };
  }
  if (error instanceof TypeError) return { detail: UNREACHABLE, errors: [], unreachable: true };
  return { detail: error instanceof Error ? error.message : String(error), errors: [], unreachable: false };
}

/** Whether the server says that what was asked for does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** Whether what was asked for contradicts the present state, such as cancelling a rollout that has ended. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409;
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "detail" in body && "status" in body;
}
