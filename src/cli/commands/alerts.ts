import type { Command } from "commander";
import { combineExitStatuses, type ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderAlerts, renderTests } from "../render/alerts.ts";
import { type Session, withOperations } from "../session.ts";
import { durationOf } from "../values.ts";

export function registerAlerts(parent: Command, bind: Bind): void {
  const alerts = parent
    .command("alerts")
    .description("Whether alerts arrive: a test, what waits, and its delivery.");
  registerTest(alerts, bind);
  registerList(alerts, bind);
  registerDeliver(alerts, bind);
}

function registerTest(alerts: Command, bind: Bind): void {
  const command = alerts
    .command("test")
    .description(
      "Sends a test message the way that failures go, and says what became of it in each channel. Ends with 1 when one failed.",
    )
    .argument("[channel]", "as in the config; default: each");
  addExamples(command, [
    ["codex-backup alerts test", "through every channel"],
    ["codex-backup alerts test email", "through one"],
  ]);
  bind(
    command,
    ([channel]) =>
      (session) =>
        testAlerts(session, channel ?? null),
  );
}

function testAlerts(session: Session, channel: string | null): Promise<ExitStatus> {
  return withOperations(session, "lenient", async ({ operations }) => {
    const tests = await operations.testAlerts(channel, session.io.signal);
    session.screen.document({ tests });
    session.screen.print(() => renderTests(tests, session.screen.paint));
    return combineExitStatuses(tests.map(({ exit }) => exit));
  });
}

function registerList(alerts: Command, bind: Bind): void {
  const command = alerts
    .command("list")
    .description(
      "Each channel with its last delivery, what waits for it and when it is tried next; what was given up; what is wrong and has been told. Ends with 1 when the last attempt through a channel failed.",
    );
  addExamples(command, [["codex-backup alerts list", "does everything arrive?"]]);
  bind(command, () => listAlerts);
}

function listAlerts(session: Session): Promise<ExitStatus> {
  return withOperations(session, "closed", async ({ operations }) => {
    const { exit, ...report } = await operations.listAlerts();
    session.screen.document({ ...report });
    session.screen.print(() =>
      renderAlerts(report, { now: session.tool.now(), paint: session.screen.paint }),
    );
    return exit;
  });
}

interface DeliverFlags {
  readonly wait: number;
  readonly now?: boolean;
}

function registerDeliver(alerts: Command, bind: Bind): void {
  const command = alerts
    .command("deliver")
    .description(
      "Delivers what waits, and waits for retries. Runs start it by themselves; a line of cron every few minutes keeps trying when nothing else runs. Ends with 1 when something still waits.",
    )
    .option("--now", "try at once what waits for its next try: the other side is back")
    .option("--wait <time>", "how long retries are waited for", durationOf("--wait"), 2 * 60_000);
  addExamples(command, [
    ["codex-backup alerts deliver", "what is due, and retries for two minutes"],
    ["codex-backup alerts deliver --now", "everything, after a mail server came back"],
    ["codex-backup -q alerts deliver --wait 0s", "each message once, for a line of cron"],
  ]);
  bind<DeliverFlags>(command, (_, flags) => (session) => deliverAlerts(session, flags));
}

function deliverAlerts(
  session: Session,
  { wait: maxMs, now: isMended = false }: DeliverFlags,
): Promise<ExitStatus> {
  return withOperations(session, "lenient", async ({ operations }) => {
    const { waiting } = await operations.deliverAlerts({ maxMs, isMended, signal: session.io.signal });
    session.screen.document({ waiting });
    session.screen.print(waiting === 0 ? "Nothing waits." : `${waiting} wait: codex-backup alerts list`);
    return waiting === 0 ? 0 : 1;
  });
}
