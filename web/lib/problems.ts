/** What the server says of an input that it refused, brought to the fields of a form. */
import type { ProblemField } from "@/api/types";

/** What the server says of a field or of a part of it; null where it has nothing to say. */
export function problemAt(problems: readonly ProblemField[], field: string): string | null {
  const here = problems.filter((problem) => isAt(problem, field));
  return here.length === 0 ? null : [...new Set(here.map(({ message }) => withoutKind(message)))].join("; ");
}

/** What the server says of a field itself, not of its parts; null where it has nothing to say. */
export function problemOf(problems: readonly ProblemField[], field: string): string | null {
  return problemAt(
    problems.filter((problem) => problem.field === field),
    field,
  );
}

/** The problems that belong to none of the fields. */
export function problemsElsewhere(problems: readonly ProblemField[], fields: readonly string[]): ProblemField[] {
  return problems.filter((problem) => !fields.some((field) => isAt(problem, field)));
}

const isAt = (problem: ProblemField, field: string) => problem.field === field || problem.field.startsWith(`${field}.`);

/** Pydantic puts the error's class before what it says. */
const withoutKind = (message: string) => message.replace(/^Value error, /, "");
