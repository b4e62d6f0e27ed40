/** npm run reference: writes every generated page of docs/reference. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { referencePages } from "./reference/pages.ts";

const top = join(import.meta.dirname, "..");
for (const page of referencePages) {
  writeFileSync(join(top, page.path), page.text());
  process.stdout.write(`${page.path}\n`);
}
