import { createConfigLoader } from "../../src/config/load.ts";
import { createSystemClock } from "../../src/platform/clock.ts";
import { generatedNote } from "./page.ts";

/** The part of JSON Schema that our own schema uses. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

/** docs/reference/config.md, from the schema that checks every config. */
export function formatConfigReference(): string {
  const loader = createConfigLoader({ env: {}, cwd: "/", clock: createSystemClock() });
  const whole = loader.schema() as Schema; // written by zod from our own schema
  const destination = innerOf(whole, "destinations");
  const [postgres, capsule, checksums, command] = innerOf(whole, "jobs").anyOf ?? [];
  const kinds = { postgres, capsule, checksums, command };
  const sections = [
    intro,
    section("The file", whole),
    section("destinations.NAME", destination),
    ...Object.entries(kinds).map(([kind, schema]) => section(`jobs.NAME of kind ${kind}`, schema ?? {})),
    preset(loader.preset({ kind: "codex", timezone: "Europe/Berlin" })),
  ];
  return `${sections.join("\n\n")}\n`;
}

const intro = `# Configuration

${generatedNote}

The file is YAML 1.2 in UTF-8. It is looked up as \`--config FILE\`, \`$CODEX_BACKUP_CONFIG\`,
\`./codex-backup.yaml\`, \`/etc/codex-backup/config.yaml\`. An unknown key, a wrong value, or a key of a feature
that this version does not have is an error (exit status 2), told with file, line, column and the nearest
known key; all errors of a file are told at once. \`codex-backup config check\` looks at the file,
\`config show --effective\` prints it with every default filled in, \`config schema\` prints the JSON Schema for editors.

- **Times** are written \`30m\`, \`26h\`, \`1h30m\`, \`2d\`; **sizes** \`256 MB\`, \`1 GiB\`; **modes** \`"0600"\`, never with a bit for others.
- **Relative paths** are taken from the config file's directory.
- **Schedules** have five fields and are read as wall time of the job's zone. A skipped hour (spring) runs once, right
  after the gap; a doubled hour (autumn) runs at its first occurrence only.
- **Secrets** come from an environment variable (\`{ env: NAME }\`), a file that others cannot read (\`{ file: PATH }\`) or a
  command (\`{ command: [PROGRAM, …] }\`, no shell, 30 seconds). One line end at the end is dropped. A password written
  into the config itself, also as part of \`url\`, is accepted only while others cannot read the config. Secrets are
  never printed, and never put on a command line.
- **Names** of backups: a database's name goes into the file name as it is, except that characters which a file
  system or shell could misread become \`%XX\`.
- **Owner and mode** can stand at a destination or at the jobs that write to it; they must not contradict each other.`;

function innerOf(whole: Schema, key: string): Schema {
  const inner = whole.properties?.[key]?.additionalProperties;
  if (typeof inner !== "object") throw new TypeError(`the schema has no group ${key}`);
  return inner;
}

function section(title: string, schema: Schema): string {
  const text = schema.description ? `${schema.description}.\n\n` : "";
  const rows = rowsOf(schema, "").join("\n");
  return `## ${title}\n\n${text}| key | value | default | meaning |\n|---|---|---|---|\n${rows}`;
}

function rowsOf(schema: Schema, prefix: string): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const name = `${prefix}${key}`;
    const isNeeded = schema.required?.includes(key) ?? false;
    const groups = [inner, ...(inner.anyOf ?? [])]
      .filter((branch) => hasMeanings(branch) && !isReference(branch))
      .flatMap((branch) => rowsOf(branch, `${name}.`));
    return [row(name, inner, isNeeded), ...groups];
  });
}

function row(name: string, schema: Schema, isNeeded: boolean): string {
  const given =
    schema.default === undefined || isEmptyGroup(schema.default) ? "" : code(String(schema.default));
  const cells = [code(name), typeOf(schema), isNeeded ? "*needed*" : given, schema.description ?? ""];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function isEmptyGroup(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** The three sources of a secret: told once, at the head of the page. */
function isReference(schema: Schema): boolean {
  return Object.keys(schema.properties ?? {}).join() === "env,file,command";
}

function typeOf(schema: Schema): string {
  if (isReference(schema)) return "secret";
  if (schema.anyOf?.some(isReference)) {
    const others = schema.anyOf.filter((branch) => branch.const !== undefined);
    return ["secret", ...others.map(typeOf)].join(" or ");
  }
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(" or ");
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(", ");
  if (schema.const !== undefined) return code(String(schema.const));
  if (schema.type === "array") return `list of ${schema.items ? typeOf(schema.items) : "values"}`;
  if (schema.type === "object") return groupOf(schema);
  if (schema.type === "integer")
    return schema.minimum === undefined || schema.minimum === Number.MIN_SAFE_INTEGER
      ? "number"
      : `number from ${schema.minimum}`;
  return schema.type === "string" ? "text" : "any";
}

function groupOf(schema: Schema): string {
  if (!schema.properties) return "group by name";
  return hasMeanings(schema) ? "group" : `group of ${Object.keys(schema.properties).map(code).join(", ")}`;
}

/** False for a plain list of keywords, which needs no row for each. */
function hasMeanings(schema: Schema): boolean {
  return Object.values(schema.properties ?? {}).some((inner) => inner.description !== undefined);
}

function code(text: string): string {
  return `\`${text}\``;
}

function preset(yaml: string): string {
  return `## Example\n\nWhat \`codex-backup init --preset codex\` writes:\n\n\`\`\`yaml\n${yaml}\`\`\``;
}
