import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { createConfigFolder } from "../../../tests/fakes/written-config.ts";
import { failedMessage } from "../../../tests/fixtures/alerts/messages.ts";
import { runProgram } from "../../../tests/servers/run-program.ts";
import { alertEvents } from "../../domain/alerts/alert-message.ts";
import { instant } from "../../domain/instant.ts";
import { Secret } from "../../domain/secret.ts";
import { formatWebhook, signWebhook } from "./webhook.ts";

function blocksOf(page: string, language: string): readonly string[] {
  const text = readFileSync(join(import.meta.dirname, "../../../docs/guide", page), "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
    ([, block = ""]) => block,
  );
}

test("every config of the guide is accepted, when it is put into a whole file", async (context) => {
  const env = { PAGERDUTY_KEY: "key", PING_URL: "https://hc.example/key/{job}" };
  const folder = await createConfigFolder(context, env);
  const blocks = blocksOf("alerts.md", "yaml");
  assert.ok(blocks.length >= 5);
  for (const block of blocks) {
    const { jobs = {}, ...sections } = parse(block);
    const command = { command: { argv: ["x"] } };
    const whole = {
      ...sections,
      jobs: { database: { ...command, ...jobs.database }, script: { ...command, ...jobs.script } },
    };
    // closed: the files of the guide are not on this machine
    const config = await folder.load(stringify(whole), { secrets: "closed" });
    assert.ok(config.alerts !== null || config.pings !== null, block);
  }
});

test("the document of the guide is the one that is sent", () => {
  const [shown = ""] = blocksOf("webhook.md", "json");
  assert.deepEqual(JSON.parse(shown), JSON.parse(formatWebhook(failedMessage)));
});

test("the receiver of the guide accepts what we sign, and nothing that was changed or is old", async () => {
  const [receiver = ""] = blocksOf("webhook.md", "python");
  const body = formatWebhook(failedMessage);
  const at = instant(Date.UTC(2026, 10, 23, 1, 0, 0));
  const header = signWebhook(body, new Secret("kéy"), at);
  const cases = [
    [header, body, at / 1000],
    [header, `${body} `, at / 1000],
    [header, body, at / 1000 + 301],
    [header.replace("t=1", "t=2"), body, at / 1000],
  ];
  const script = `${receiver}
import json, sys
print(json.dumps([is_genuine(h, b.encode(), "kéy".encode(), n) for h, b, n in json.load(sys.stdin)]))`;
  const answer = await runProgram(["python3", "-c", script], { input: JSON.stringify(cases) });
  assert.deepEqual(JSON.parse(answer), [true, false, false, false]);
});

test("the guide's table has each event that there is, and no other", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/guide/alerts.md"), "utf8");
  const table = page.slice(page.indexOf("| event |")).split("\n\n")[0] ?? "";
  const first = table
    .split("\n")
    .slice(2)
    .map((row) => row.split("|")[1] ?? "");
  const told = first.flatMap((cell) => [...cell.matchAll(/`([a-z]+)`/g)].map(([, event]) => event));
  assert.deepEqual(told.toSorted(), [...alertEvents].toSorted());
});
