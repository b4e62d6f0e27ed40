import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../servers/cleanup.ts";
import type { PostgresTestServer } from "../servers/postgres.ts";

const programs = ["psql", "pg_dump", "pg_dumpall", "pg_restore", "pg_isready"];

/**
 * A directory of client programs in which some are replaced by shell scripts. In them, "$REAL" is the real
 * program and "$HERE" the directory.
 */
export function clientPrograms(
  server: PostgresTestServer,
  scripts: Readonly<Record<string, string>>,
): string {
  const directory = join(temporaryDirectory("clients"), "bin");
  mkdirSync(directory);
  for (const program of programs) {
    const real = join(server.binDirectory, program);
    const path = join(directory, program);
    const script = scripts[program];
    if (script === undefined) symlinkSync(real, path);
    else writeFileSync(path, `#!/bin/bash\nREAL=${real}\nHERE=${directory}\n${script}\n`, { mode: 0o755 });
  }
  chmodSync(directory, 0o755);
  return directory;
}
