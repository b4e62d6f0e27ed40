import { stringify } from "yaml";
import type { ImportedSettings } from "./import-plan.ts";

/** A commented config, ready to edit. */
export function formatImported({ destinations, jobs }: ImportedSettings, timezone: string): string {
  const settings = { version: 1, state: "/var/lib/codex-backup", timezone, destinations, jobs };
  return `# codex-backup: taken over from a crontab. Every key is described in docs/reference/config.md.
# Look at this file with: codex-backup config check
# Mark the destinations as ours, once: codex-backup destination init --all
# Give the files to somebody with the destinations' owner, such as owner: "codex:codex".
${stringify(settings, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", lineWidth: 0 })}`;
}
