import createFetchClient from "openapi-fetch";
import { ApiError } from "./problem";
import type { paths } from "./schema";

/** The server's API, typed from its own OpenAPI document (`npm run api:generate`). */
export const client = createFetchClient<paths>({
  baseUrl: typeof window === "undefined" ? "" : window.location.origin,
  fetch: (request) => globalThis.fetch(request), // looked up at each call, so that a test can put its own in its place
});

/** The data of an answer. Throws `ApiError` for a refusal; the network's own error when there was no answer. */
export async function answer<T>(request: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await request;
  if (!response.ok || data === undefined) throw new ApiError(response.status, error);
  return data;
}
