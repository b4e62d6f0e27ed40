import { checksPage } from "./checks.ts";
import { cliPage } from "./cli.ts";
import { formatConfigReference } from "./config.ts";
import { failuresPage } from "./failures.ts";
import { httpPage } from "./http.ts";
import { metricsPage } from "./metrics.ts";
import type { ReferencePage } from "./page.ts";

/** Every generated page; a new one is added here. A test compares them with the pages as committed. */
export const referencePages: readonly ReferencePage[] = [
  { path: "docs/reference/config.md", text: formatConfigReference },
  failuresPage,
  checksPage,
  cliPage,
  httpPage,
  metricsPage,
];
