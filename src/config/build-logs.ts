import { resolve } from "node:path";
import type { LogsSettings } from "../domain/jobs/logs-settings.ts";
import type { LogsWritten } from "./schema/logs.ts";

/** A relative file is taken from the config's directory. */
export function buildLogs(written: LogsWritten, directory: string): LogsSettings {
  return {
    maxAgeMs: written.maxAge,
    maxBytes: written.size,
    file: written.file === undefined ? null : resolve(directory, written.file),
    fileBytes: written.fileSize,
    files: written.files,
  };
}
