import { beforeEach, describe, expect, it } from "vitest";
import { DEFAULTS, preferences, setPreferences } from "./preferences";

describe("preferences", () => {
  beforeEach(() => window.localStorage.clear());

  it("are the defaults until somebody chooses", () => {
    expect(preferences()).toEqual(DEFAULTS);
  });

  it("are kept by the browser", () => {
    setPreferences({ timeZone: "utc" });
    expect(preferences()).toEqual({ ...DEFAULTS, timeZone: "utc" });
    expect(window.localStorage.getItem("rolldeck-preferences")).toContain("utc");
  });

  it.each(["no JSON", "[]", "null", '{"timeZone": "Mars", "shortcuts": 3}'])(
    "are the defaults where what is kept makes no sense: %s",
    (text) => {
      window.localStorage.setItem("rolldeck-preferences", text);
      expect(preferences()).toEqual(DEFAULTS);
    },
  );
});
