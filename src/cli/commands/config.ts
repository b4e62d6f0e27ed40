import type { Command } from "commander";
import { describeLackingKey, keyForProofs } from "../../domain/encryption/scheduled-key.ts";
import { Failure } from "../../domain/failure.ts";
import { leavesBackups } from "../../domain/jobs/job.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import { describeCount } from "../../domain/plain-words.ts";
import { addExamples, type Bind } from "../command.ts";
import { loadConfig, type Session, type Work, withOperations } from "../session.ts";

export function registerConfig(parent: Command, bind: Bind): void {
  const group = parent.command("config").description("The configuration file.");
  const check = group
    .command("check")
    .description("Reads everything, secrets included, and tells every mistake with its line.");
  addExamples(check, [["codex-backup config check", "ends with 2 when something is wrong"]]);
  bind(check, () => checkConfig);
  const show = group
    .command("show")
    .description("Prints the configuration as it takes effect; secrets are never printed.")
    .option("--effective", "with every default filled in (which is what is always shown)");
  addExamples(show, [["codex-backup config show --effective", "every key, every default"]]);
  bind(show, () => showConfig);
  const keep = group
    .command("keep")
    .description(
      "Keeps the file as it is now, encrypted, at the destinations of configCopy. Runs do it by themselves when it changed.",
    );
  addExamples(keep, [["codex-backup config keep", "after a change, without waiting for the next run"]]);
  bind(keep, () => (session) => withOperations(session, "lenient", (work) => keepConfig(session, work)));
  const schema = group.command("schema").description("Prints the JSON Schema of the file, for editors.");
  addExamples(schema, [["codex-backup config schema > codex-backup.schema.json", "for your editor"]]);
  bind(schema, () => showSchema);
}

async function checkConfig(session: Session): Promise<ExitStatus> {
  const { path, jobs, destinations } = await loadConfig(session, { secrets: "open" });
  session.screen.document({
    path,
    jobs: jobs.map(({ name }) => name),
    destinations: destinations.map(({ name }) => name),
  });
  const counts = `${describeCount(jobs.length, "job")}, ${describeCount(destinations.length, "destination")}`;
  session.screen.print(`${path} is right: ${counts}.`);
  for (const job of jobs.filter((one) => leavesBackups(one))) {
    const lacking = describeLackingKey(job);
    if (lacking !== null)
      session.screen.complain(`Job "${job.name}": ${lacking}\n  ${keyForProofs(job.name)}`);
  }
  return 0;
}

async function showConfig(session: Session): Promise<ExitStatus> {
  const config = await loadConfig(session, { secrets: "closed" });
  const effective = (await session.tool.configLoader()).showEffective(config);
  session.screen.answer(effective, { path: config.path, effective });
  return 0;
}

async function keepConfig({ screen }: Session, { operations, config }: Work): Promise<ExitStatus> {
  if (config.configCopy === null) {
    throw new Failure("usage.refused", "Cannot keep the config: it does not say where and for whom", {
      hint: "Add configCopy: { recipients: [age1…] } to it; codex-backup keys generate --encryption makes a key.",
    });
  }
  const copies = await operations.keepConfig();
  screen.document({ copies });
  for (const { destination, name, isNew, failure } of copies) {
    if (failure !== null) screen.complain(`${destination}: ${failure.message}`);
    else screen.print(`${destination}: ${name} (${isNew ? "new" : "was there already"})`);
  }
  return copies.every(({ failure }) => failure === null) ? 0 : 1;
}

async function showSchema(session: Session): Promise<ExitStatus> {
  const schema = (await session.tool.configLoader()).schema();
  session.screen.answer(`${JSON.stringify(schema, null, 2)}\n`, { schema });
  return 0;
}
