import { constants } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure, messageOf } from "../domain/failure.ts";
import { instant } from "../domain/instant.ts";
import type { AuditLog } from "../http/http.ts";
import { rotate } from "../platform/rotating-file.ts";

const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;

/** A hundred megabytes in all. */
const limits = { maxBytes: 10e6, maxFiles: 10, maxAgeMs: Number.POSITIVE_INFINITY };

/**
 * STATE/audit.log, 0600, one JSON object a line. Opened for each line, so that it may be moved away at any time;
 * moved on to audit.log.1 when it is large. The line is on the disk when `record` returns.
 */
export function createAuditFile(path: string): AuditLog {
  return {
    async record(entry) {
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        const file = await open(path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);
        try {
          await file.writeFile(`${JSON.stringify(entry)}\n`);
          await file.datasync();
          if ((await file.stat()).size > limits.maxBytes) rotate(path, limits, instant(0));
        } finally {
          await file.close();
        }
      } catch (error) {
        throw new Failure("http.audit", `Cannot write the audit log "${path}": ${messageOf(error)}`, {
          hint: "Make room or mend its rights: nothing is changed that cannot be put down.",
          cause: error,
        });
      }
    },
  };
}
