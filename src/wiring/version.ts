import { readOwnText } from "../platform/own-files.ts";

/** As package.json says: one place. */
export function toolVersion(): string {
  const { version } = JSON.parse(readOwnText("package.json")) as { readonly version: string }; // our own file, and npm demands the key
  return version;
}
