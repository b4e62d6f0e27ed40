import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { describeCount } from "../../domain/plain-words.ts";
import type { AuditReport, CatalogProblem } from "../../operations/operation.ts";
import { addExamples, type Bind } from "../command.ts";
import { type Session, withOperations } from "../session.ts";

export function registerCatalog(parent: Command, bind: Bind): void {
  const group = parent
    .command("catalog")
    .description("The local index of backups: a cache, the destinations are the truth.");
  const rebuild = group
    .command("rebuild")
    .description("Makes the index anew from the manifests at the destinations.");
  addExamples(rebuild, [["codex-backup catalog rebuild", "after the loss of the state directory"]]);
  bind(rebuild, () => rebuildCatalog);
  const check = group
    .command("check")
    .description(
      "Compares the index with the destinations, and touches nothing there; differences end with 4.",
    );
  addExamples(check, [["codex-backup catalog check", "is the index right?"]]);
  bind(check, () => checkCatalog);
}

function rebuildCatalog(session: Session): Promise<ExitStatus> {
  const { screen, io } = session;
  return withOperations(session, "mending", async ({ operations }) => {
    const rebuilt = await operations.rebuildCatalog(io.signal);
    const { backups, copies, holds, problems, warnings } = rebuilt;
    screen.document({ rebuilt });
    const counts = [
      describeCount(backups, "backup"),
      describeCount(copies, "copy", "copies"),
      describeCount(holds, "hold"),
    ];
    screen.print(`The catalog was made anew: ${counts.join(", ")}.`);
    complainOf(session, warnings); // they are told; what is damaged of them is for verify --signatures
    return complainOf(session, problems);
  });
}

function checkCatalog(session: Session): Promise<ExitStatus> {
  const { screen, io } = session;
  return withOperations(session, "destinations", async ({ operations }) => {
    const problems = await operations.checkCatalog(io.signal);
    const audits = await operations.audit({ destinations: [], signal: io.signal });
    screen.document({ problems, audits });
    if (problems.length === 0) screen.print("The catalog is sound and says what lies at the destinations.");
    screen.print(() => audits.flatMap(describeAudit).join("\n"));
    return complainOf(session, problems);
  });
}

/** What is no difference, and still good to know; of many files of others the number says enough. */
function describeAudit({ destination, findings }: AuditReport): readonly string[] {
  const kinds = Map.groupBy(findings, ({ kind }) => kind);
  const foreign = kinds.get("foreign") ?? [];
  const told = [...(kinds.get("orphaned") ?? []), ...(kinds.get("over-retained") ?? [])];
  const verb = foreign.length === 1 ? "is" : "are";
  return [
    ...told.map(({ kind, name, message }) => `${name} at ${destination}: ${kind}, ${message}`),
    ...(foreign.length === 0
      ? []
      : [`${describeCount(foreign.length, "file")} at ${destination} ${verb} not ours, and never touched.`]),
  ];
}

function complainOf({ screen }: Session, problems: readonly CatalogProblem[]): 0 | 4 {
  for (const { destination, backup, message } of problems) {
    const where = [backup, destination === null ? null : `at ${destination}`]
      .filter((part) => part !== null)
      .join(" ");
    screen.complain(where === "" ? message : `${where}: ${message}`);
  }
  return problems.length === 0 ? 0 : 4;
}
