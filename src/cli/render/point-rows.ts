import type { Manifest } from "../../domain/backups/manifest.ts";
import { describeCount, describeDuration } from "../../domain/plain-words.ts";
import type { NamedCount } from "../../domain/sets/references.ts";

/** What a manifest says of its restore point, for `show`; empty for a backup that stands alone. */
export function pointRows({ set, capsule }: Manifest): readonly (readonly string[])[] {
  if (set === undefined) return [];
  const { point } = set;
  if (point === undefined) return [["set", `${set.name}; see codex-backup list --set ${set.name}`]];
  const { drift, references } = capsule ?? {};
  return [
    ["point", point.id],
    ...point.members.map(({ job, database, backup, reason }) => [
      database === null ? job : `${job} (${database})`,
      backup ?? `lacking: ${reason}`,
    ]),
    ...(point.driftMs === null
      ? []
      : [["packed", `until ${describeDuration(point.driftMs)} after the snapshot`]]),
    ...(drift === undefined
      ? []
      : [
          [
            "changed since",
            `${named(describeCount(drift.files, "file"), { count: drift.files, first: drift.first })}`,
          ],
          ["", `${describeCount(drift.folders, "folder")} in which something was made, renamed or removed`],
        ]),
    ...(references?.queries ?? []).map(({ root, unchecked, named: rows, missing }) => [
      `rows name${root === "" ? "" : ` below ${root}`}`,
      unchecked === null
        ? `${describeCount(rows, "file")}, ${named(`${missing.count} missing`, missing)}`
        : `not checked: ${unchecked}`,
    ]),
    ...(references?.unreferenced ?? []).map((one) => [
      `no row names${one.root === "" ? "" : ` below ${one.root}`}`,
      named(describeCount(one.count, "file"), one),
    ]),
  ];
}

function named(text: string, { count, first }: NamedCount): string {
  if (first.length === 0) return text;
  return `${text}: ${first.join(", ")}${count > first.length ? ", …" : ""}`;
}
