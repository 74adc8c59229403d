import { describe, expect, it } from "vitest";
import { compactJson, firstLine, followableUrl, shorten } from "./text";

describe("an address that an agent visited", () => {
  it("can be followed when it is http or https", () => {
    expect(followableUrl("http://127.0.0.1:8088/sqllab")).toBe("http://127.0.0.1:8088/sqllab");
    expect(followableUrl("https://example.org/")).toBe("https://example.org/");
  });

  it.each(["javascript:alert(1)", "data:text/html,<script>", "vbscript:x", "file:///etc/passwd", "no address", ""])(
    "cannot be followed when it is %s",
    (text) => {
      expect(followableUrl(text)).toBeNull();
    },
  );
});

it("a shortened text says that it was shortened, and is no longer than asked", () => {
  expect(shorten("abcdef", 6)).toBe("abcdef");
  expect(shorten("abcdefg", 6)).toBe("abcde…");
});

it("the first line of an instruction is the first that says something", () => {
  expect(firstLine("\n\n  Open the page.\r\nThen …")).toBe("Open the page.");
});

it("a value without JSON is shown as null, not as the word undefined", () => {
  expect(compactJson(undefined)).toBe("null");
});
