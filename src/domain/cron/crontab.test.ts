import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formOfCrontab, parseCrontab } from "./crontab.ts";

const oldLine =
  "0 2 * * * root docker exec codex_postgres pg_dump -U codex codexdb > /backups/codexdb_$(date +\\%F).sql";

test("a line of the system's crontab is taken apart as cron does it", () => {
  assert.deepEqual(parseCrontab(`${oldLine}\n`, "system"), [
    {
      number: 1,
      text: oldLine,
      kind: "task",
      task: {
        cron: "0 2 * * *",
        user: "root",
        command: "docker exec codex_postgres pg_dump -U codex codexdb > /backups/codexdb_$(date +%F).sql",
        input: null,
      },
    },
  ]);
});

test("an unescaped per cent sign ends the command, and the rest becomes its input", () => {
  const [line] = parseCrontab("0 2 * * * pg_dump db > /b/db_$(date +%F).sql%again\\%\n", "user");
  assert.ok(line?.kind === "task");
  assert.deepEqual([line.task.command, line.task.input], ["pg_dump db > /b/db_$(date +", "F).sql\nagain%"]);
});

test("variables, comments, tasks that are switched off, and nicknames are told apart", () => {
  const text = `MAILTO=root\nPATH = "/bin"\n# just words, 5 of them\n#0 3 * * 0 root find /backups -delete\n\n@daily root /x\n`;
  assert.deepEqual(
    parseCrontab(text, "system").map((line) => line.kind),
    ["variable", "variable", "comment", "switched-off", "blank", "task"],
  );
  const daily = parseCrontab(text, "system").at(-1);
  assert.ok(daily?.kind === "task" && daily.task.cron === "0 0 * * *");
});

test("what cron would not take is unreadable, with the reason", () => {
  const reasons: Readonly<Record<string, RegExp>> = {
    "0 0 2 * * * root /usr/bin/x": /six time fields/,
    "0 61 * * * root /x": /61/,
    "@reboot root /x": /no time of the clock/,
    "0 2 * * * /usr/bin/x -a": /no user's name/,
    "0 2 * *": /five time fields/,
    "\uFEFF# words": /byte order mark/,
  };
  for (const [text, reason] of Object.entries(reasons)) {
    const [line] = parseCrontab(text, "system");
    assert.ok(line?.kind === "unreadable", text);
    assert.match(line.reason, reason);
  }
});

test("the form of a crontab is seen from its lines", () => {
  assert.equal(formOfCrontab(`MAILTO=x\n${oldLine}\n`), "system");
  assert.equal(formOfCrontab("0 2 * * * docker exec a pg_dump b > /c\n"), "user");
  assert.equal(formOfCrontab("0 2 * * * codex /usr/bin/x\n"), "system");
});

test("no text makes the reader throw, and no line is lost", () => {
  const piece = fc.constantFrom(
    "0 2 * * *",
    "root",
    "%",
    "\\%",
    "#",
    "=",
    "@daily",
    " ",
    "\n",
    "x",
    "\t",
    "'",
    '"',
    "*",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), (pieces) => {
      const text = pieces.join(" ");
      for (const form of ["system", "user"] as const) {
        const lines = parseCrontab(text, form);
        assert.equal(lines.map((line) => line.text).join("\n"), text.replace(/\n$/, ""));
      }
      formOfCrontab(text);
    }),
  );
});
