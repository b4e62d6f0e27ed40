import { z } from "zod";
import { Failure } from "../failure.ts";
import { formatStableJson, parseJsonAs } from "../json.ts";
import type { CapsuleFacts, Manifest, PostgresFacts } from "./manifest.ts";
import { capsuleFactsSchema, contentSchema, postgresFactsSchema } from "./manifest-schema.ts";

/** What of an encrypted backup stands in NAME.private.json.age, for the holder of a key alone (PROOF 6). */
export interface PrivatePart {
  readonly format: "codex-backup-private";
  readonly version: 1;
  /** The backup's id and run, so that no other backup's part can stand in for it. */
  readonly backup: string;
  readonly runId: string;
  /** Of each other file, what it holds without encryption and compression. */
  readonly files: readonly {
    readonly path: string;
    readonly content: { readonly sizeBytes: number; readonly sha256: string };
  }[];
  readonly postgres: PostgresFacts | null;
  readonly capsule: CapsuleFacts | null;
  readonly warnings: readonly string[];
}

const schema: z.ZodType<PrivatePart> = z.looseObject({
  format: z.literal("codex-backup-private"),
  version: z.literal(1),
  backup: z.string(),
  runId: z.string(),
  files: z.array(z.looseObject({ path: z.string(), content: contentSchema })),
  postgres: postgresFactsSchema.nullable(),
  capsule: capsuleFactsSchema.nullable(),
  warnings: z.array(z.string()),
});

/** The text that is encrypted; equal parts give equal bytes. */
export function formatPrivatePart(part: PrivatePart): string {
  return formatStableJson(part);
}

/** Null when it is no private part that this version knows. */
export function parsePrivatePart(text: string): PrivatePart | null {
  return parseJsonAs(schema, text);
}

/**
 * The manifest as it would be without encryption: what each file must hold, the facts, the warnings. Throws
 * "backup.mismatch" when the part was made for another backup, or leaves out a file.
 */
export function withPrivatePart(manifest: Manifest, part: PrivatePart): Manifest {
  if (part.backup !== manifest.id || part.runId !== manifest.runId) {
    throw new Failure(
      "backup.mismatch",
      `Cannot use the private part of "${manifest.id}": it was made for "${part.backup}" by run ${part.runId}`,
      { hint: "Restore from another copy." },
    );
  }
  const contents = new Map(part.files.map(({ path, content }) => [path, content]));
  const files = manifest.files.map((file) => {
    const content =
      file.role === "private" ? file.content : (contents.get(file.path) ?? missing(manifest.id, file.path));
    return { ...file, content };
  });
  const { postgres, capsule, warnings } = part;
  return { ...manifest, files, postgres, capsule, warnings };
}

function missing(id: string, path: string): never {
  throw new Failure("backup.mismatch", `Cannot use the private part of "${id}": it does not know "${path}"`, {
    hint: "Restore from another copy.",
  });
}

/** What the public manifest says in place of warnings, which may name tables or files. */
export function publicWarnings(warnings: readonly string[]): readonly string[] {
  if (warnings.length === 0) return [];
  const count = warnings.length === 1 ? "1 warning stands" : `${warnings.length} warnings stand`;
  return [`${count} in its encrypted private part; codex-backup show --identity FILE tells`];
}
