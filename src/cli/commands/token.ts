import type { Command } from "commander";
import { type Scope, scopes, type TokenFile, tokenNameRule } from "../../domain/access/access-token.ts";
import { Failure } from "../../domain/failure.ts";
import { formatInstant } from "../../domain/instant.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderColumns } from "../render/columns.ts";
import { describeMoment } from "../render/moment.ts";
import { loadConfig, type Session } from "../session.ts";
import { choiceOf } from "../values.ts";

export function registerToken(parent: Command, bind: Bind): void {
  const group = parent.command("token").description("Who may ask the HTTP server, and for what.");
  registerCreate(group, bind);
  const list = group
    .command("list")
    .description("Names, scopes and when they were made; never the tokens themselves.");
  addExamples(list, [["codex-backup token list", "who may do what"]]);
  bind(list, () => listTokens);
  const revoke = group
    .command("revoke")
    .description("Takes a token out of the file; the server notices within a second.")
    .argument("<name>", "as it was created");
  addExamples(revoke, [["codex-backup token revoke prometheus", "this token opens nothing any more"]]);
  bind(
    revoke,
    ([name = ""]) =>
      (session) =>
        revokeToken(session, name),
  );
}

function registerCreate(group: Command, bind: Bind): void {
  const create = group
    .command("create")
    .description("Makes a token, prints it once, and keeps only its SHA-256 in http.tokenFile.")
    .argument("<name>", "who will use it: it stands in the audit log")
    .option(
      "--scope <scope>",
      "read: look; operate: also run, cancel, verify, hold; admin: also prune and release",
      choiceOf("--scope", scopes),
      "read",
    );
  addExamples(create, [
    ["codex-backup token create prometheus --scope read", "for scraping /metrics"],
    ["codex-backup token create deploy --scope operate", "may start a run before a migration"],
  ]);
  bind<{ readonly scope: Scope }>(
    create,
    ([name = ""], { scope }) =>
      (session) =>
        createToken(session, name, scope),
  );
}

async function openTokens(session: Session): Promise<TokenFile> {
  const config = await loadConfig(session, { secrets: "closed" });
  const path = config.http?.tokenFile ?? null;
  if (path !== null) return session.tool.tokenFile(path, config.statePath);
  throw new Failure("config.invalid", "Cannot find the tokens: the config has no http.tokenFile", {
    hint: "Write it into the config, for instance http: { tokenFile: /etc/codex-backup/tokens }.",
  });
}

async function createToken(session: Session, name: string, scope: Scope): Promise<ExitStatus> {
  const { screen } = session;
  if (!tokenNameRule.test(name)) {
    const allowed = "1 to 48 letters, digits, dots, dashes, underscores and @";
    throw new Failure("usage.invalid-value", `Cannot use "${name}" as a name: allowed are ${allowed}`, {
      hint: "Choose another name.",
    });
  }
  const text = await (await openTokens(session)).create({ name, scope });
  screen.warn(`Token "${name}" with the scope ${scope}; it is shown this once:`);
  screen.answer(`${text}\n`, { token: { name, scope, text } });
  return 0;
}

async function listTokens(session: Session): Promise<ExitStatus> {
  const tokens = await (await openTokens(session)).list();
  session.screen.document({
    tokens: tokens.map(({ name, scope, createdAt }) => ({
      name,
      scope,
      createdAt: formatInstant(createdAt),
    })),
  });
  const rows = tokens.map(({ name, scope, createdAt }) => [name, scope, describeMoment(createdAt, "UTC")]);
  session.screen.print(
    tokens.length === 0 ? "There are no tokens." : renderColumns([["name", "scope", "created"], ...rows]),
  );
  return 0;
}

async function revokeToken(session: Session, name: string): Promise<ExitStatus> {
  await (await openTokens(session)).revoke(name);
  session.screen.document({ revoked: { name } });
  session.screen.print(`Revoked "${name}".`);
  return 0;
}
