import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import type { RestoreFinding } from "../../domain/restores/restore-finding.ts";
import type { TargetRow } from "../sql/restore-target.ts";

/** These exist on every server and sort the same everywhere. */
const everywhere: ReadonlySet<string> = new Set(["c", "posix"]);

/** Whether the database's locale exists on the target, and in the same version (F69). */
export function findLocale(facts: PostgresFacts, target: TargetRow): readonly RestoreFinding[] {
  const { provider, collate, icuLocale, collationVersion } = facts.locale;
  if (provider === "builtin") return [];
  const wanted = provider === "icu" ? (icuLocale ?? collate) : collate;
  if (everywhere.has(normalise(wanted))) return [];
  const code = provider === "icu" ? "i" : "c";
  const same = target.locales.filter(
    (one) => one.provider === code && normalise(one.name ?? "") === normalise(wanted),
  );
  const [found] = same;
  // ICU makes any locale that it is asked for; the list only shows common ones.
  if (!found) return provider === "icu" ? [] : [missing(wanted)];
  if (collationVersion === null || same.some((one) => one.version === collationVersion)) return [];
  return [
    {
      about: "collation",
      severity: "warning",
      message: `texts sort by version ${found.version ?? "unknown"} of locale "${wanted}" here, not ${collationVersion}`,
      hint: "Indexes are built anew and fit; check range partitions on text.",
    },
  ];
}

function missing(locale: string): RestoreFinding {
  return {
    about: "collation",
    severity: "blocker",
    message: `locale "${locale}" is not installed on the server`,
    hint: `Install it on the server's machine (localedef or locale-gen), then: SELECT pg_import_system_collations('pg_catalog');`,
  };
}

/** "de_DE.UTF-8" and "de_DE.utf8" are one locale. */
function normalise(name: string): string {
  return name.toLowerCase().replaceAll("-", "");
}
