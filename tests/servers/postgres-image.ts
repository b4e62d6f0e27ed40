import { join } from "node:path";
import { temporaryDirectory } from "./cleanup.ts";
import type { PostgresContainer } from "./container.ts";
import { installedMajors } from "./postgres.ts";
import { runProgram } from "./run-program.ts";

// $1: an empty directory, $2: the major.
const gather = `
  set -e
  root=$1; server=/usr/lib/postgresql/$2
  mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/lib64" "$root/usr/sbin" "$root/dev" "$root/proc" "$root/sys"
  mkdir -m 1777 "$root/tmp"
  for name in bin lib lib64 sbin; do ln -s usr/$name "$root/$name"; done
  programs="/usr/bin/cat /usr/bin/chown /usr/bin/ls /usr/bin/dash"
  for name in initdb postgres psql pg_dump pg_dumpall pg_restore; do programs="$programs $server/bin/$name"; done
  for name in plpgsql dict_snowball; do programs="$programs $server/lib/$name.so"; done
  libraries=$(ldd $programs 2>/dev/null | grep -o '/[^ ]*' | grep -v ':$' | sort -u)
  cp --parents -L $libraries $programs /etc/passwd /etc/group /etc/nsswitch.conf /usr/share/zoneinfo/UTC "$root"
  ln -s dash "$root/usr/bin/sh"
  cp --parents -r /usr/share/postgresql/$2 /usr/lib/locale/C.utf8 "$root"
  tar --create --directory="$root" --file="$root.tar" .`;

/**
 * Imports an image like PostgreSQL's own into the engine of that container, without asking a registry: the programs
 * of this host's newest major, the user postgres, and no entry point.
 */
export async function importPostgresImage(beside: PostgresContainer, name: string): Promise<void> {
  const root = join(temporaryDirectory("postgres-image"), "root");
  await runProgram(["sh", "-c", gather, "gather", root, String(installedMajors().at(-1))]);
  await beside.docker(["import", `${root}.tar`, name]);
}
