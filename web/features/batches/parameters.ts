/** The fields that an agent's parameters are entered in, from the JSON Schema that it gives of them. */
import { labelOf } from "./options";

export type ParameterField = {
  name: string;
  label: string;
  description: string;
  /** What holds where nothing is entered; null where the agent does not say. */
  usual: string | number | boolean | null;
} & (
  | { kind: "choice"; choices: readonly string[] }
  | { kind: "number"; whole: boolean; min?: number; max?: number }
  | { kind: "switch" }
  /** Written freely; a whole number counts as one. */
  | { kind: "text" }
);

type Schema = {
  type?: string;
  enum?: unknown[];
  anyOf?: Schema[];
  default?: unknown;
  description?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
};

/** What the model is told first has a field of its own. */
export const PROMPT = "prompt";

/** The fields of all parameters but the prompt, in the agent's own order. */
export function fieldsOf(parameters: Readonly<Record<string, unknown>> | null): ParameterField[] {
  return Object.entries(propertiesOf(parameters))
    .filter(([name]) => name !== PROMPT)
    .map(([name, schema]) => fieldOf(name, schema));
}

/** The agent's own instruction; null where it takes none. */
export function usualPrompt(parameters: Readonly<Record<string, unknown>> | null): string | null {
  const prompt = propertiesOf(parameters)[PROMPT]?.default;
  return typeof prompt === "string" ? prompt : null;
}

/** What the model will be told, to the letter. */
export function promptFor(template: string, task: string): string {
  return template.replaceAll("{task}", () => task);
}

function propertiesOf(parameters: Readonly<Record<string, unknown>> | null): Record<string, Schema> {
  const properties = parameters?.properties;
  return typeof properties === "object" && properties !== null ? (properties as Record<string, Schema>) : {};
}

function fieldOf(name: string, schema: Schema): ParameterField {
  const about = {
    name,
    label: labelOf(name),
    description: schema.description ?? "",
    usual: isScalar(schema.default) ? schema.default : null,
  };
  const kinds = (schema.anyOf ?? [schema]).filter(({ type }) => type !== "null");
  const [only] = kinds;
  if (kinds.length !== 1 || only === undefined) return { ...about, kind: "text" };
  if (only.enum !== undefined) return { ...about, kind: "choice", choices: only.enum.map(String) };
  switch (only.type) {
    case "boolean":
      return { ...about, kind: "switch" };
    case "number":
    case "integer":
      return {
        ...about,
        kind: "number",
        whole: only.type === "integer",
        min: only.minimum ?? only.exclusiveMinimum,
        max: only.maximum,
      };
    default:
      return { ...about, kind: "text" };
  }
}

function isScalar(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}
