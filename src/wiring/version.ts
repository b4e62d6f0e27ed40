import { readFileSync } from "node:fs";

/** As package.json says: one place. */
export function toolVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(text) as { readonly version: string }; // our own file, and npm demands the key
  return version;
}
