import type { Command } from "commander";
import { Failure } from "../../domain/failure.ts";
import type { ListedDestination } from "../../domain/health/status-report.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderColumns } from "../render/columns.ts";
import { describeFill } from "../render/status.ts";
import { renderStorageTest } from "../render/storage-test.ts";
import { type Session, withOperations } from "../session.ts";

export function registerDestination(parent: Command, bind: Bind): void {
  const group = parent.command("destination").description("The places where backups are kept.");
  const init = group
    .command("init")
    .description(
      "Makes directories with safe modes and marks them as ours, so that an unmounted share is noticed.",
    )
    .argument("[name...]", "destinations of the config")
    .option("--all", "all of them");
  addExamples(init, [["codex-backup destination init --all", "once, while the right disks are mounted"]]);
  bind<{ readonly all?: boolean }>(
    init,
    (names, { all = false }) =>
      (session) =>
        initialise(session, names, all),
  );
  const list = group.command("list").description("Whether each could be used now, and how full it is.");
  addExamples(list, [["codex-backup destination list", "ends with 1 when one cannot be used"]]);
  bind(list, () => listAll);
  const test = group
    .command("test")
    .description(
      "Tries a destination out as runs use it: writes, lists, reads back, tries to overwrite, gives up, removes.",
    )
    .argument("<name>", "destination of the config");
  addExamples(test, [
    ["codex-backup destination test offsite", "before the first run there; 1 when backups cannot rely on it"],
    ["codex-backup --json destination test offsite", "the same for a script"],
  ]);
  bind(
    test,
    ([name = ""]) =>
      (session) =>
        testOne(session, name),
  );
}

function testOne(session: Session, name: string): Promise<ExitStatus> {
  const { screen, io } = session;
  return withOperations(session, "destinations", async ({ operations }) => {
    const test = await operations.testDestination({ name, signal: io.signal });
    screen.document({ tests: [test] });
    screen.print(() => renderStorageTest(test, screen.paint));
    return test.exit;
  });
}

function initialise(session: Session, names: readonly string[], all: boolean): Promise<ExitStatus> {
  if (all === names.length > 0) {
    const seen = all ? "--all and names say two things" : "no destination was named";
    throw new Failure("usage.refused", `Cannot initialise: ${seen}`, {
      hint: "Name destinations, or give --all.",
    });
  }
  return withOperations(session, "destinations", async ({ operations }) => {
    const destinations = await operations.initialiseDestinations(names);
    session.screen.document({ destinations });
    session.screen.print(
      renderColumns(destinations.map(({ name, location, id }) => [name, "ready", location, id])),
    );
    return 0;
  });
}

function listAll(session: Session): Promise<ExitStatus> {
  const { screen } = session;
  return withOperations(session, "destinations", async ({ operations }) => {
    const destinations = await operations.listDestinations();
    screen.document({ destinations });
    screen.print(renderColumns(destinations.map((one) => rowOf(session, one))));
    for (const { failure, warnings } of destinations) {
      if (failure !== null)
        screen.complain(
          [failure.message, ...(failure.hint === null ? [] : [`  ${failure.hint}`])].join("\n"),
        );
      for (const warning of warnings) screen.warn(warning);
    }
    return destinations.some(({ failure }) => failure !== null) ? 1 : 0;
  });
}

function rowOf(
  { screen }: Session,
  { name, location, failure, freeBytes, totalBytes }: ListedDestination,
): readonly string[] {
  if (failure !== null) return [name, screen.paint.bad("not ready"), location];
  return [name, screen.paint.good("ready"), location, describeFill(freeBytes, totalBytes)];
}
