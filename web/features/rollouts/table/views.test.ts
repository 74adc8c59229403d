import { expect, it } from "vitest";
import { READY_VIEWS, readViews, searchOfView, withView } from "./views";

it("a view is the address without what is open beside the list", () => {
  expect(searchOfView("outcome=wrong&peek=01jd5w8kq2zb7n3rxv4m000000")).toBe("?outcome=wrong");
  expect(searchOfView("peek=x")).toBe("");
});

it("a view of the same name is replaced, and the newest comes first", () => {
  const views = withView(withView([{ name: "a", search: "?q=1" }], { name: "b", search: "" }), {
    name: "a",
    search: "?q=2",
  });
  expect(views).toEqual([
    { name: "a", search: "?q=2" },
    { name: "b", search: "" },
  ]);
});

it("what the browser's storage holds is read with suspicion", () => {
  expect(readViews("<script>")).toEqual([]);
  expect(readViews([{ name: "x", search: "javascript:alert(1)" }, { name: 1, search: "?" }, null])).toEqual([]);
  expect(readViews([...READY_VIEWS])).toEqual(READY_VIEWS);
});
