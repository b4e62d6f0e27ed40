import type { BackupRow } from "../catalog/catalog.ts";
import { Failure } from "../domain/failure.ts";
import type { Context } from "./context.ts";

/**
 * The backup that a user named: its id, or JOB/ID where several jobs have that id. Throws
 * "usage.unknown-backup" or "usage.ambiguous".
 */
export function findBackup({ catalog }: Pick<Context, "catalog">, name: string): BackupRow {
  const slash = name.indexOf("/");
  const found =
    slash < 0
      ? catalog.backupsNamed(name)
      : oneOrNone(catalog.backup(name.slice(0, slash), name.slice(slash + 1)));
  const [first, second] = found;
  if (first === undefined) {
    throw new Failure(
      "usage.unknown-backup",
      `Cannot find backup "${name}": the catalog has none of this name`,
      {
        hint: 'See what there is with "codex-backup list"; after a loss of the catalog, run "codex-backup catalog rebuild".',
      },
    );
  }
  if (second === undefined) return first;
  const names = found.map((row) => `${row.job}/${row.id}`).join(", ");
  throw new Failure("usage.ambiguous", `Cannot tell which backup "${name}" is: ${names}`, {
    hint: "Name it with its job.",
  });
}

function oneOrNone(row: BackupRow | null): readonly BackupRow[] {
  return row === null ? [] : [row];
}
