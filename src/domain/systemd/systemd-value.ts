/** The name of a job's units, without the suffix: "codex-backup-database". */
export function unitNameOf(job: string): string {
  return `codex-backup-${job === "watch" ? "\\x77atch" : job}`; // codex-backup-watch is the watcher's own
}

/** The values of one key in a section; an empty one resets those before it, as systemd does. */
export function valuesOfKey(text: string, section: string, key: string): readonly string[] {
  const values: string[] = [];
  let current = "";
  for (const line of text.split("\n").map((one) => one.trim())) {
    const header = /^\[(.+)\]$/.exec(line);
    if (header) current = header[1] ?? "";
    const at = line.indexOf("=");
    if (current !== section || line.startsWith("#") || line.slice(0, Math.max(0, at)).trim() !== key)
      continue;
    const value = line.slice(at + 1).trim();
    if (value === "") values.length = 0;
    else values.push(value);
  }
  return values;
}
