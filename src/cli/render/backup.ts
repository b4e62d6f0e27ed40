import type { ListedCopy, ShownBackup, ShownProof } from "../../domain/backups/backup-report.ts";
import { describeTable } from "../../domain/backups/fingerprint.ts";
import type { Manifest } from "../../domain/backups/manifest.ts";
import type { ReadBack } from "../../domain/copies/read-back.ts";
import { type Instant, parseInstant } from "../../domain/instant.ts";
import { describeCount, describeDuration, describeSize } from "../../domain/plain-words.ts";
import { paintLevel, type Surroundings } from "./backups.ts";
import { renderColumns } from "./columns.ts";
import { describeAgo, describeMoment } from "./moment.ts";
import { pointRows } from "./point-rows.ts";
import { describeRecovery } from "./recovery.ts";

/** One backup in full, a paragraph for each thing that is known of it. */
export function renderBackup(backup: ShownBackup, around: Surroundings): string {
  const { manifest } = backup;
  const paragraphs = [
    renderColumns(factsOf(backup, around)),
    titled(
      "copies",
      backup.copies.map((copy) => copyRow(copy, around)),
    ),
    titled(backup.suspect ? "suspect" : "was suspect", anomalyRows(backup)),
    titled(
      "proofs",
      backup.proofs.map((proof) => proofRow(proof, around)),
    ),
    ...(manifest === null ? [] : manifestParagraphs(manifest)),
    titled(
      "held or accepted",
      backup.marks.map(({ kind, destination, who, at, why }) => [
        kind,
        destination,
        who,
        describeAgo(at, around.now),
        why,
      ]),
    ),
  ];
  return paragraphs.filter((text) => text !== "").join("\n\n");
}

/** Who can open it, and how its holder sees what is inside. */
function encryptionRows(
  { files, postgres, capsule }: Manifest,
  recipients: readonly string[],
): readonly (readonly string[])[] {
  const isSealed = postgres === null && capsule === null && files.some(({ role }) => role === "private");
  const rows = recipients.map((recipient, index) => [index === 0 ? "encrypted" : "", `for ${recipient}`]);
  return [...rows, ...(isSealed ? [["", "what is inside is shown with --identity FILE"]] : [])];
}

function anomalyRows({ job, id, anomalies, suspect, manifest }: ShownBackup): readonly (readonly string[])[] {
  const next = `nothing is pruned until a later one is as usual, or: codex-backup accept ${job}/${id} --why TEXT`;
  const where =
    manifest?.encryption === undefined || anomalies.length === 0
      ? []
      : [[`where, the host that ran it tells: codex-backup logs ${manifest.runId}`]];
  return [...anomalies.map(({ message }) => [message]), ...where, ...(suspect ? [[next]] : [])];
}

function titled(title: string, rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? "" : `${title}\n${indented(renderColumns(rows))}`;
}

function indented(text: string): string {
  return text.replace(/^/gm, "  ");
}

function factsOf(backup: ShownBackup, { now, config, paint }: Surroundings): readonly (readonly string[])[] {
  const zone = config.jobs.find((job) => job.name === backup.job)?.timezone ?? config.timezone;
  const { manifest, recovery } = backup;
  return [
    ["backup", paint.strong(backup.id)],
    ["job", backup.job],
    ...(backup.database === null ? [] : [["database", backup.database]]),
    ["made", `${momentOf(backup.createdAt, zone)}  ${describeAgo(backup.createdAt, now)}`],
    ["outcome", backup.outcome === "complete" ? "complete" : paint.doubtful(backup.outcome)],
    ["size", describeSize(backup.sizeBytes)],
    ["level", paintLevel(backup.level, paint)],
    ...(manifest?.encryption === undefined ? [] : encryptionRows(manifest, manifest.encryption.recipients)),
    ...(recovery === null
      ? []
      : [["restore", `takes ${describeRecovery(recovery, { now, timezone: zone })}`]]),
    ...(backup.adopted ? [["adopted", "made before us: its hashes are those of its adoption"]] : []),
    ...(manifest === null
      ? []
      : [["run", `${manifest.runId} on ${manifest.host}, ${manifest.tool.name} ${manifest.tool.version}`]]),
  ];
}

function momentOf(isoTime: string, zone: string): string {
  const at: Instant | null = parseInstant(isoTime);
  return at === null ? isoTime : describeMoment(at, zone);
}

const howRead: Readonly<Record<ReadBack, string>> = {
  direct: "",
  cached: "from the cache",
  sample: "some blocks were read",
  head: "only its size was looked at",
};

function copyRow(copy: ListedCopy, { now, paint }: Surroundings): readonly string[] {
  const checked = copy.checkedAt === null ? "never checked" : `checked ${describeAgo(copy.checkedAt, now)}`;
  const state = copy.state === "whole" ? paintLevel(copy.level, paint) : paint.bad(copy.state);
  const how = copy.readBack === null ? "" : howRead[copy.readBack];
  const kept = copy.immutable === null ? "" : keptBy(copy.immutable);
  return [copy.destination, state, checked, how, kept, copy.path ?? "no longer in the config"];
}

/** Days in UTC: a storage counts from the second of its upload. */
function keptBy({ by, until }: NonNullable<ListedCopy["immutable"]>): string {
  const sworn = by === "sworn" ? ", as the config says" : "";
  return until === null ? `immutable${sworn}` : `immutable until ${until.slice(0, 10)}${sworn}`;
}

function proofRow(proof: ShownProof, { now, paint }: Surroundings): readonly string[] {
  const { destination, outcome, at, restoreMs, server, summary } = proof;
  const restored = restoreMs === null ? "" : `restored in ${describeDuration(restoreMs)}`;
  return [
    destination ?? "a copy that is gone",
    outcome === "proven" ? paint.good(outcome) : paint.bad(outcome),
    describeAgo(at, now),
    outcome === "proven" ? restored : summary,
    outcome === "proven" ? (server ?? "") : "",
  ];
}

function manifestParagraphs(manifest: Manifest): readonly string[] {
  const files = manifest.files.map((file) => [
    file.path,
    file.role,
    describeSize(file.sizeBytes),
    file.sha256,
  ]);
  const leftOut = [
    ...(manifest.postgres?.leftOut ?? []).map(({ object, reason }) => [object, reason]),
    ...(manifest.capsule?.leftOut ?? []).map(({ path, reason }) => [path, reason]),
  ];
  return [
    titled("files", files),
    titled("source", sourceRows(manifest)),
    titled("tables", tableRows(manifest)),
    titled("restore point", pointRows(manifest)),
    titled("left out", leftOut),
    titled(
      "warnings",
      manifest.warnings.map((warning) => [warning]),
    ),
  ];
}

function sourceRows({ postgres, capsule }: Manifest): readonly (readonly string[])[] {
  if (capsule !== null)
    return [
      ["root", capsule.root],
      ["entries", describeCount(capsule.entries.length, "entry", "entries")],
    ];
  if (postgres === null) return [];
  const extensions = postgres.extensions.map(({ name, version }) => `${name} ${version}`).join(", ");
  return [
    ["server", `PostgreSQL ${postgres.serverVersion}, dumped by ${postgres.clientVersion}`],
    ["format", postgres.format],
    ["encoding", `${postgres.encoding}, ${postgres.locale.collate}`],
    ...(extensions === "" ? [] : [["extensions", extensions]]),
    ["roles", postgres.roles.join(", ")],
    ["snapshot", `LSN ${postgres.snapshot.lsn}`],
  ];
}

function tableRows({ postgres }: Manifest): readonly (readonly string[])[] {
  const tables = postgres?.fingerprint.tables ?? [];
  return tables.map(({ schema, name, rows, sha256 }) => [
    describeTable({ schema, name }),
    describeCount(rows, "row"),
    sha256.slice(0, 16),
  ]);
}
