import { beforeEach, describe, expect, it } from "vitest";
import { IdempotencyKeys } from "./idempotency";

describe("the key of a request", () => {
  let now = 0;
  let minted = 0;
  let keys: IdempotencyKeys;

  beforeEach(() => {
    now = 0;
    minted = 0;
    keys = new IdempotencyKeys(
      () => `key ${++minted}`,
      () => now,
    );
  });

  it("is the same however often the same is sent before an answer came", () => {
    expect(keys.keyFor({ repeats: 2 })).toBe("key 1");
    expect(keys.keyFor({ repeats: 2 })).toBe("key 1");
  });

  it("is another one when something else is asked for", () => {
    keys.keyFor({ repeats: 2 });
    expect(keys.keyFor({ repeats: 3 })).toBe("key 2");
  });

  it("is still the same for the second click of a double click, also when the first was answered already", () => {
    keys.keyFor({ repeats: 2 });
    keys.succeeded();
    now = 400;
    expect(keys.keyFor({ repeats: 2 })).toBe("key 1");
  });

  it("is another one when the same is wanted once more later", () => {
    keys.keyFor({ repeats: 2 });
    keys.succeeded();
    now = 1500;
    expect(keys.keyFor({ repeats: 2 })).toBe("key 2");
  });

  it("can be made where the page came over plain HTTP", () => {
    expect(new IdempotencyKeys().keyFor({})).toMatch(/^[0-9a-f]{32}$/);
  });
});
