import { constants } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure, messageOf } from "../domain/failure.ts";
import type { AuditLog } from "../http/http.ts";

const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;

/**
 * STATE/audit.log, 0600, one JSON object a line. Opened for each line, so that it may be moved away at any time;
 * the line is on the disk when `record` returns.
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
