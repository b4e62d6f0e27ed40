/**
 * Writes the generated pages of docs/reference. A test compares the committed pages with what this
 * would write, so that code and page cannot drift apart.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatConfigReference } from "./reference/config.ts";

const pages: Readonly<Record<string, () => string>> = {
  "config.md": formatConfigReference,
};

const folder = join(import.meta.dirname, "..", "docs", "reference");
for (const [name, format] of Object.entries(pages)) writeFileSync(join(folder, name), format());
