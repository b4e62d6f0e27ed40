import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import { quoteLiteral, quoteName } from "../sql/literal.ts";

export type LocaleFacts = Pick<PostgresFacts, "encoding" | "locale">;

/** CREATE DATABASE as the source's own would be, for a backup without a header. `major` is that of the new server. */
export function createFromFacts(database: string, facts: LocaleFacts, major: number): string {
  const { provider, collate, ctype, icuLocale } = facts.locale;
  const parts = [`ENCODING = ${quoteLiteral(facts.encoding)}`];
  if (collate !== "") parts.push(`LC_COLLATE = ${quoteLiteral(collate)}`);
  if (ctype !== "") parts.push(`LC_CTYPE = ${quoteLiteral(ctype)}`);
  // Providers came with 15; before, there is only libc.
  if (major >= 15) parts.push(`LOCALE_PROVIDER = ${provider}`);
  if (icuLocale !== null && provider === "icu") parts.push(`ICU_LOCALE = ${quoteLiteral(icuLocale)}`);
  if (icuLocale !== null && provider === "builtin") parts.push(`BUILTIN_LOCALE = ${quoteLiteral(icuLocale)}`);
  return `CREATE DATABASE ${quoteName(database)} WITH TEMPLATE = template0 ${parts.join(" ")}`;
}

/** What comes nearest where that locale is not to be had: the same encoding, and text in the order of its bytes. */
export function nearestCreates(database: string, encoding: string): readonly string[] {
  const locales = encoding === "UTF8" ? ["C.UTF-8", "C"] : ["C"];
  return locales.map(
    (locale) =>
      `CREATE DATABASE ${quoteName(database)} WITH TEMPLATE = template0 ENCODING = ${quoteLiteral(encoding)}` +
      ` LC_COLLATE = ${quoteLiteral(locale)} LC_CTYPE = ${quoteLiteral(locale)}`,
  );
}

/** How a locale is called in a message. */
export function describeLocale({ encoding, locale }: LocaleFacts): string {
  const name = locale.icuLocale ?? locale.collate;
  return `locale "${name}" (${locale.provider}, ${encoding})`;
}

// Wrong object type is "invalid locale name", feature not supported a server built without ICU; the others are what
// ICU and the built-in provider say of names that they do not know.
const ofLocales: ReadonlySet<string> = new Set(["42809", "0A000", "22023", "42P17", "42602"]);

/** Whether the server refused CREATE DATABASE because of the locale, not for another reason. */
export function isLocaleRefusal(refusal: { readonly sqlstate: string }): boolean {
  return ofLocales.has(refusal.sqlstate);
}
