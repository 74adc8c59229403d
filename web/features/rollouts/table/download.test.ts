import { expect, it } from "vitest";
import { afterFirstLine, RowCounter } from "./download";

const bytes = (text: string) => new TextEncoder().encode(text);

it("rows are counted as they arrive, a line within quotes being none", () => {
  const csv = new RowCounter();
  csv.add(bytes('id,answer\n1,"two\nlines ""and'), "csv");
  csv.add(bytes(' more"" \n"\n2,x\n'), "csv");
  expect(csv.rows).toBe(3);
  const json = new RowCounter();
  json.add(bytes('{"a":"\\"\\n"}\n{}\n'), "json");
  expect(json.rows).toBe(2);
});

it("the rows of a table begin after the line of names", () => {
  expect(new TextDecoder().decode(afterFirstLine(bytes("id\n1\n2\n")))).toBe("1\n2\n");
});
