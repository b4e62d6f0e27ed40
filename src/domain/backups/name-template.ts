import { byteLength, findForeignChar } from "../name-part.ts";

/** What a base name can be made of. */
export const nameVariables = ["date", "time", "timestamp", "database", "job"] as const;

export type NameVariable = (typeof nameVariables)[number];

export type NameToken =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "variable"; readonly variable: NameVariable };

/** Beginnings of the files that stand beside a dump; no base name may have them. */
export const companionPrefixes: readonly string[] = ["globals_", "database_"];

const textLimitBytes = 40;

/** The parts of a template; null when a brace opens no known variable. findTemplateProblem says what else can be wrong. */
export function parseTemplate(template: string): readonly NameToken[] | null {
  const parts = template.split(/(\{[^{}]*\})/).filter((part) => part !== "");
  const tokens = parts.map(tokenOf);
  return tokens.every((token) => token !== null) ? tokens : null;
}

/** What is wrong with a template, as a half sentence; null when nothing is. */
export function findTemplateProblem(template: string): string | null {
  const tokens = parseTemplate(template);
  if (tokens === null) return `it has a variable that is none of ${listOfVariables()}`;
  return findVariableProblem(tokens) ?? findTextProblem(template, tokens);
}

/** The variables of a template, in order; empty when it cannot be read. */
export function variablesOf(template: string): readonly NameVariable[] {
  return (parseTemplate(template) ?? []).flatMap((token) =>
    token.kind === "variable" ? [token.variable] : [],
  );
}

/** "{date}, {time}, …" */
function listOfVariables(): string {
  return nameVariables.map((name) => `{${name}}`).join(", ");
}

function tokenOf(part: string): NameToken | null {
  const variable = nameVariables.find((name) => part === `{${name}}`);
  if (variable) return { kind: "variable", variable };
  return /[{}]/.test(part) ? null : { kind: "text", text: part };
}

function findVariableProblem(tokens: readonly NameToken[]): string | null {
  const variables = tokens.flatMap((token) => (token.kind === "variable" ? [token.variable] : []));
  const twice = variables.find((name, index) => variables.indexOf(name) !== index);
  if (twice) return `it has {${twice}} twice`;
  const isDated = variables.includes("date") || variables.includes("timestamp");
  return isDated ? null : "it has neither {date} nor {timestamp}";
}

function findTextProblem(template: string, tokens: readonly NameToken[]): string | null {
  const text = tokens.map((token) => (token.kind === "text" ? token.text : "")).join("");
  const foreign = findForeignChar(text);
  if (foreign !== null)
    return `it has the character ${JSON.stringify(foreign)}, which has no place in a file name`;
  if (/^[.\- ]/.test(template)) return "it starts with a dot, a dash or a blank";
  const prefix = companionPrefixes.find((start) => template.startsWith(start));
  if (prefix) return `it starts with "${prefix}", which is kept for the files beside a dump`;
  return byteLength(text) > textLimitBytes ? `its fixed text is longer than ${textLimitBytes} bytes` : null;
}
