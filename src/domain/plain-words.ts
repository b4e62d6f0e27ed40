const sizeUnits = ["B", "kB", "MB", "GB", "TB", "PB"];

/** A size as people say it: "0 B", "512 kB", "1.2 GB"; decimal units, three digits at most. */
export function describeSize(sizeBytes: number): string {
  const power = sizeBytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(sizeBytes) / 3), sizeUnits.length - 1);
  const value = sizeBytes / 1000 ** power;
  const digits = power === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${sizeUnits[power]}`;
}

/** A duration as people say it: "45 ms", "4.1 s", "2 min 10 s", "6 h", "3 days". */
export function describeDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  return describeAge(ms);
}

/** How long ago, in its largest unit: "40 s", "12 min", "6 h", "30 h", "5 days". Below zero (a clock that went back): "in the future". */
export function describeAge(ms: number): string {
  if (ms < 0) return "in the future";
  if (ms < 90_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 90 * 60_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 72 * 3_600_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}

/** "1 file", "2 files": the plural is the word with an s unless given. */
export function describeCount(count: number, word: string, plural = `${word}s`): string {
  return `${count} ${count === 1 ? word : plural}`;
}

/** What a backup is of, its database only where the job is not called like it: "nightly (codexdb)", "codexdb". */
export function describeSubject(job: string, database: string | null): string {
  return database === null || database === job ? job : `${job} (${database})`;
}

/** So many are told by name. */
const toldAtMost = 5;

/** "one; two; and 3 more". */
export function listSome(all: readonly string[]): string {
  const more = all.length - toldAtMost;
  const told = all.slice(0, toldAtMost).join("; ");
  return more > 0 ? `${told}; and ${more} more` : told;
}
