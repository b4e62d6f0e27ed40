/** A restore in a process of its own: restore-child.ts SETTINGS (JSON). Kills itself when the first bytes have been sent. */
import type { PostgresSource } from "../../src/domain/jobs/source.ts";
import { createOperations } from "../../src/operations/create-operations.ts";
import { createRealContext, postgresJob } from "../fakes/real-context.ts";

export interface RestoreSettings {
  readonly home: string;
  readonly source: PostgresSource;
  /** Path of a bare dump. */
  readonly dump: string;
  readonly to: string;
  readonly overwrite: string | null;
}

// Written by killRestore in restore-kill.test.ts.
const { home, source, dump, to, overwrite } = JSON.parse(process.argv[2] ?? "") as RestoreSettings;
const context = createRealContext({ home, jobs: [postgresJob(source)], destinations: ["backups"] });
const operations = createOperations({
  ...context,
  onProgress: ({ step, doneBytes }) => {
    if (step === "restore" && doneBytes > 0) process.kill(process.pid, "SIGKILL");
  },
});
await operations.restore({
  backup: dump,
  to,
  overwrite,
  only: [],
  roles: "missing",
  withoutOwners: false,
  job: null,
  dryRun: false,
  signal: new AbortController().signal,
});
