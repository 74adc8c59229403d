/** How long after a success the same request is still taken for a second click of the same one. */
const SECOND_CLICK_MS = 1000;

function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is missing where a page came over plain HTTP
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Names requests, so that the server tells one that is sent again (a second click, a retry after a lost answer) from one that is
 * meant anew: the same body has the same key until it succeeded, and a moment longer.
 */
export class IdempotencyKeys {
  #last: { body: string; key: string; succeededAt: number | null } | null = null;
  readonly #mint: () => string;
  readonly #now: () => number;

  constructor(mint: () => string = randomKey, now: () => number = () => performance.now()) {
    this.#mint = mint;
    this.#now = now;
  }

  keyFor(request: unknown): string {
    const body = JSON.stringify(request);
    const last = this.#last;
    if (last !== null && last.body === body && !this.#isOver(last.succeededAt)) return last.key;
    const key = this.#mint();
    this.#last = { body, key, succeededAt: null };
    return key;
  }

  succeeded(): void {
    if (this.#last !== null) this.#last.succeededAt = this.#now();
  }

  #isOver(succeededAt: number | null): boolean {
    return succeededAt !== null && this.#now() - succeededAt > SECOND_CLICK_MS;
  }
}
