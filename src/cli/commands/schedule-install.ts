import { resolve } from "node:path";
import type { Command } from "commander";
import { Failure } from "../../domain/failure.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import type { UnitWish } from "../../domain/systemd/install-report.ts";
import { addExamples, type Bind } from "../command.ts";
import { documentOfInstall, renderInstall, renderUninstall } from "../render/install.ts";
import { loadConfig, type Session } from "../session.ts";

interface InstallFlags {
  readonly cron?: boolean;
  readonly systemd?: boolean;
  readonly serve?: boolean;
  readonly user?: string;
  readonly resetTimes?: boolean;
  readonly program?: string;
  readonly root: string;
}

export function registerInstall(parent: Command, bind: Bind): void {
  const install = parent
    .command("install")
    .description(
      "Lets cron or systemd start the runs. Times that were edited in an installed file are kept; files of others are never touched.",
    )
    .option("--cron", "writes /etc/cron.d/codex-backup")
    .option("--systemd", "writes a service and a timer for each job, and starts the timers")
    .option("--serve", "with --systemd: one service that schedules by itself, instead of timers")
    .option("--user <name>", "the account that runs the jobs (default: as installed, else root)")
    .option("--reset-times", "the config's times again, also where others were written into the files")
    .option("--program <file>", "what is started (default: this program)")
    .option("--root <dir>", "the top of the system that is written to, such as an image's", "/");
  addExamples(install, [
    ["codex-backup schedule install --cron", "for hosts with cron"],
    ["codex-backup schedule install --systemd", "timers, with each job's own zone"],
    ["codex-backup schedule install --systemd --serve", "a service in their place"],
  ]);
  bind<InstallFlags>(install, (_words, flags) => (session) => installUnits(session, flags));
  const uninstall = parent
    .command("uninstall")
    .description("Removes what an install has written for this config, and nothing else.")
    .option("--root <dir>", "the top of the system that was written to", "/");
  addExamples(uninstall, [["codex-backup schedule uninstall", "says what it removed, and what it left"]]);
  bind<Pick<InstallFlags, "root">>(
    uninstall,
    (_words, { root }) =>
      (session) =>
        uninstallUnits(session, root),
  );
}

async function installUnits(session: Session, flags: InstallFlags): Promise<ExitStatus> {
  const { io, screen, tool } = session;
  const how = howOf(flags);
  const config = await loadConfig(session, { secrets: "closed" });
  const program = flags.program === undefined ? tool.launcher() : resolve(io.cwd, flags.program);
  const installer = await tool.installer(resolve(io.cwd, flags.root));
  const user = flags.user ?? (await installer.userOf(config.path)) ?? "root";
  const report = await installer.install({
    how,
    command: { program, configPath: config.path, user: userOf(user) },
    jobs: config.jobs,
    writePaths: [
      config.statePath,
      ...config.destinations.flatMap((one) => (one.kind === "local" ? [one.path] : [])),
    ],
    resetTimes: flags.resetTimes ?? false,
  });
  screen.document(documentOfInstall(report, tool.now()));
  screen.print(() => renderInstall(report, tool.now()));
  return 0;
}

function howOf({ cron = false, systemd = false, serve = false }: InstallFlags): UnitWish["how"] {
  if (cron !== systemd && !(cron && serve)) return cron ? "cron" : serve ? "serve" : "timers";
  throw new Failure("usage.refused", "Cannot install the schedule: it is not said who starts the runs", {
    hint: "Give one of --cron, --systemd and --systemd --serve.",
  });
}

function userOf(name: string): string {
  if (/^[a-z_][\w-]{0,31}\$?$/i.test(name)) return name;
  throw new Failure("usage.invalid-value", `Cannot use "${name}" for --user: it is no account's name`, {
    hint: "Give --user the name of an account, such as root.",
  });
}

async function uninstallUnits(session: Session, root: string): Promise<ExitStatus> {
  const { io, screen, tool } = session;
  const config = await loadConfig(session, { secrets: "closed" });
  const installer = await tool.installer(resolve(io.cwd, root));
  const report = await installer.uninstall(config.path);
  screen.document({ ...report });
  screen.print(() => renderUninstall(report));
  return 0;
}
