import type { Job } from "../domain/jobs/job.ts";
import type { DestinationConfig } from "./destination-config.ts";
import { describePath, type Path, type Problem } from "./problem.ts";

/** What only shows when destinations are seen beside each other and beside the jobs. */
export function crossCheckDestinations(all: {
  readonly jobs: readonly Job[];
  readonly destinations: readonly DestinationConfig[];
  readonly report: (problem: Problem) => void;
}): void {
  const { jobs, destinations, report } = all;
  const known = new Map(destinations.map((one) => [one.name, one]));
  reportShared(destinations, report);
  for (const job of jobs) {
    if (job.kind === "checksums") checkDirectory(job, known.get(job.destination), report);
    if (job.kind !== "postgres" && job.kind !== "capsule") continue;
    for (const [index, name] of job.to.entries()) {
      if (known.get(name)?.traits.isReadOnly)
        tell(
          ["jobs", job.name, "to", index],
          `is "${name}", which is readOnly; allowed: destinations that may be written`,
          report,
        );
    }
  }
}

type Report = (problem: Problem) => void;

/** One place under two names would count as two copies. */
function reportShared(destinations: readonly DestinationConfig[], report: Report): void {
  for (const [index, one] of destinations.entries()) {
    const other = destinations.slice(0, index).find((earlier) => placeOf(earlier) === placeOf(one));
    if (!other) continue;
    const path = ["destinations", one.name, one.kind === "local" ? "path" : one.kind];
    const [what, each] =
      one.kind === "local" ? ["the directory", "each directory"] : ["the same place as that", "each place"];
    tell(path, `is ${what} of "${other.name}" too; allowed: ${each} once`, report);
  }
}

/** Equal where the same files lie, as far as the config can tell. */
function placeOf(one: DestinationConfig): string {
  return JSON.stringify([one.kind, ...partsOf(one)]);
}

function partsOf(one: DestinationConfig): readonly (string | number | null)[] {
  switch (one.kind) {
    case "local":
      return [one.path];
    case "s3":
      return [hostOf(one.endpoint), one.bucket, one.prefix];
    case "azure":
      return [hostOf(one.endpoint), one.account, one.container, one.prefix];
    case "sftp":
      return [one.host.toLowerCase(), one.port, one.path.startsWith("/") ? null : one.user, one.path];
    case "webdav":
      return [URL.parse(one.url)?.href.replace(/\/+$/, "") ?? one.url];
    case "rclone":
      return [one.configFile, one.remote.replace(/\/+$/, "")];
    default:
      return one satisfies never;
  }
}

function hostOf(endpoint: string | null): string | null {
  return endpoint === null ? null : (URL.parse(endpoint)?.host ?? endpoint);
}

/** checksums.txt is for `sha256sum -c`, which runs in a directory. */
function checkDirectory(
  job: Extract<Job, { kind: "checksums" }>,
  destination: DestinationConfig | undefined,
  report: Report,
): void {
  if (destination === undefined || destination.kind === "local") return;
  const path = ["jobs", job.name, "checksums", "destination"];
  tell(
    path,
    `is "${destination.name}", which is ${destination.kind} and has no checksums.txt; allowed: a destination with path (what lies elsewhere is checked by codex-backup verify)`,
    report,
  );
}

function tell(path: Path, message: string, report: Report): void {
  report({ path, at: "value", message: `${describePath(path)} ${message}` });
}
