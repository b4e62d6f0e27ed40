import type { FailureReport } from "../../failure.ts";
import type { CheckCode } from "../check-table.ts";
import { type Diagnosis, diagnose, shellWord } from "../finding.ts";
import { type DestinationLook, judgeHolds } from "./destination.ts";

/** A destination that is no directory of this host. */
export interface StorageLook
  extends Pick<DestinationLook, "name" | "id" | "failure" | "warnings" | "knownIds" | "probe" | "holdsLost"> {
  /** Where it is, for people. */
  readonly path: string;
}

/** Whether tonight's backups can be kept in a storage elsewhere. */
export function judgeStorage(facts: StorageLook): readonly Diagnosis[] {
  const { name, path, warnings } = facts;
  const remarks = warnings.map((warning) => diagnose("destination.limited", name, warning));
  const broken = judgeUse(facts) ?? judgeProbe(facts);
  const said = diagnose("destination.ok", name, `${path} takes, gives back and removes a probe`);
  return [broken ?? said, ...remarks, ...judgeHolds(facts)];
}

function judgeProbe({ name, path, probe }: StorageLook): Diagnosis | null {
  if (probe === null || (probe.failure === null && probe.isEqual)) return null;
  const message = probe.failure?.message ?? `a probe in ${path} came back with other bytes than were written`;
  return diagnose("destination.probe-failed", name, {
    message,
    commands: [`codex-backup destination test ${shellWord(name)}`],
  });
}

function judgeUse({ name, path, id, knownIds, failure }: StorageLook): Diagnosis | null {
  const test = `codex-backup destination test ${shellWord(name)}`;
  if (failure !== null) {
    const { code, commands } = meaningOf(name, { failure, wasMarked: knownIds.length > 0, test });
    const message = [failure.message, failure.hint].filter((line) => typeof line === "string").join("\n");
    return diagnose(code, name, { message, commands });
  }
  if (id === null || knownIds.length === 0 || knownIds.includes(id)) return null;
  const message = `${path} has the sentinel ${id}, and its backups were made under ${knownIds.join(", ")}: another place lies there`;
  return diagnose("destination.changed", name, {
    message,
    commands: ["codex-backup config show --effective", "codex-backup catalog rebuild"],
  });
}

interface Seen {
  readonly failure: FailureReport;
  /** Backups were made there. */
  readonly wasMarked: boolean;
  readonly test: string;
}

function meaningOf(
  name: string,
  { failure, wasMarked, test }: Seen,
): { readonly code: CheckCode; readonly commands: readonly string[] } {
  switch (failure.code) {
    case "destination.sentinel-missing":
    case "destination.missing": {
      // A place that was marked before is not marked again without a look: it may be another one.
      const commands = wasMarked ? [test] : [`codex-backup destination init ${shellWord(name)}`];
      const code = failure.code === "destination.missing" ? "destination.missing" : "destination.not-marked";
      return { code, commands };
    }
    case "destination.sentinel-foreign":
      return { code: "destination.foreign", commands: [test] };
    case "destination.denied":
      return { code: "destination.denied", commands: ["codex-backup config check", test] };
    case "destination.host-key":
      return { code: "destination.host-key", commands: ["codex-backup config show --effective"] };
    default:
      return { code: "destination.unreachable", commands: [test] };
  }
}
