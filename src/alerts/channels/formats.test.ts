import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { failedMessage, oddMessage, recoveredMessage } from "../../../tests/fixtures/alerts/messages.ts";
import type { AlertMessage } from "../../domain/alerts/alert-message.ts";
import { instant } from "../../domain/instant.ts";
import { Secret } from "../../domain/secret.ts";
import { shownMessage } from "../shown-message.ts";
import { formatDiscord } from "./discord.ts";
import { formatMail } from "./mail-format.ts";
import { formatNtfy } from "./ntfy.ts";
import { formatPagerDuty, formatPagerDutyChange } from "./pagerduty.ts";
import { formatSlack } from "./slack.ts";
import { formatTeams } from "./teams.ts";
import { formatTelegram } from "./telegram.ts";
import { formatWebhook, signWebhook } from "./webhook.ts";

const widest = {
  ...failedMessage,
  subject: "四".repeat(900),
  nextStep: "四".repeat(2000),
  host: "四".repeat(900),
};

/** Golden files lie in tests/fixtures/alerts; write them anew with --test-update-snapshots and read the difference. */
const formats: Readonly<Record<string, (message: AlertMessage) => string>> = {
  webhook: formatWebhook,
  slack: formatSlack,
  discord: formatDiscord,
  teams: formatTeams,
  ntfy: (message) => formatNtfy(message, "TOPIC"),
  telegram: (message) => formatTelegram(message, "-100123"),
  pagerduty: (message) => formatPagerDuty(message, "KEY"),
  "pagerduty-change": (message) => formatPagerDutyChange(message, "KEY"),
};

const messages = { failed: failedMessage, recovered: recoveredMessage, odd: oddMessage };

for (const [kind, format] of Object.entries(formats)) {
  test(`${kind} says what its golden file says`, (t) => {
    const said = Object.fromEntries(
      Object.entries(messages).map(([name, message]) => [name, JSON.parse(format(shownMessage(message)))]),
    );
    t.assert.fileSnapshot(
      said,
      join(import.meta.dirname, "../../../tests/fixtures/alerts", `${kind}.golden`),
    );
  });
}

test("mail says what its golden file says", async (t) => {
  const mails: Record<string, readonly string[]> = {};
  for (const [name, message] of Object.entries(messages)) {
    const parties = { from: "backup@example.org", to: ["ops@example.org"], lineEnd: "\n" } as const;
    mails[name] = (await formatMail(shownMessage(message), parties)).toString("latin1").split("\n");
  }
  t.assert.fileSnapshot(mails, join(import.meta.dirname, "../../../tests/fixtures/alerts/mail.golden"));
});

const anyMessage = fc
  .record({
    subject: fc.string({ unit: "binary", maxLength: 2000, size: "max" }),
    lines: fc.array(fc.string({ unit: "binary", maxLength: 3000, size: "max" }), {
      maxLength: 100,
      size: "max",
    }),
    nextStep: fc.option(fc.string({ unit: "binary", maxLength: 2000, size: "max" })),
    host: fc.string({ unit: "binary" }),
  })
  .map((parts) => ({ ...failedMessage, ...parts }));

const anyWide = fc
  .array(fc.constantFrom("四".repeat(3000), "*".repeat(3000), '"'.repeat(3000), "x"), {
    maxLength: 70,
    size: "max",
  })
  .map((lines) => ({ ...widest, lines }));

test("no message makes a format longer than its receiver takes, or says a half character", () => {
  fc.assert(
    fc.property(fc.oneof(anyMessage, anyWide), (message) => {
      const shown = shownMessage(message);
      for (const format of Object.values(formats)) assert.ok(format(shown).isWellFormed());
      const telegram: { text: string; entities: { offset: number; length: number }[] } = JSON.parse(
        formatTelegram(shown, "1"),
      );
      assert.ok(telegram.text.length <= 4096, `telegram ${telegram.text.length}`);
      for (const { offset, length } of telegram.entities) assert.ok(offset + length <= telegram.text.length);
      const [embed] = JSON.parse(formatDiscord(shown)).embeds;
      assert.ok(embed.title.length <= 256 && embed.description.length <= 4096);
      const ntfy = JSON.parse(formatNtfy(shown, "t"));
      assert.ok(Buffer.byteLength(ntfy.message) <= 4096, `ntfy ${Buffer.byteLength(ntfy.message)}`);
      assert.ok(Buffer.byteLength(formatTeams(shown)) <= 28 * 1024, "teams");
      assert.ok(JSON.parse(formatPagerDuty(shown, "k")).payload.summary.length <= 1024);
    }),
    { numRuns: 40 },
  );
});

test("the signature is what a receiver reckons, and binds the time to the body", () => {
  const body = formatWebhook(failedMessage);
  const at = instant(Date.UTC(2026, 10, 23, 1, 0, 5, 700));
  const [, seconds = "", digest = ""] =
    /^t=(\d+),v1=([\da-f]{64})$/.exec(signWebhook(body, new Secret("k"), at)) ?? [];
  assert.equal(Number(seconds), Math.floor(at / 1000));
  assert.equal(digest, createHmac("sha256", "k").update(`${seconds}.${body}`).digest("hex"));
  assert.notEqual(signWebhook(`${body} `, new Secret("k"), at), signWebhook(body, new Secret("k"), at));
});

test("an incident is resolved under the key that it was opened with", () => {
  const [opened, resolved] = [failedMessage, recoveredMessage].map((one) =>
    JSON.parse(formatPagerDuty(one, "KEY")),
  );
  assert.equal(opened.event_action, "trigger");
  assert.equal(resolved.event_action, "resolve");
  assert.equal(opened.dedup_key, resolved.dedup_key);
  const elsewhere = JSON.parse(formatPagerDuty({ ...recoveredMessage, host: "db2.example" }, "KEY"));
  assert.notEqual(opened.dedup_key, elsewhere.dedup_key);
  const long = JSON.parse(formatPagerDuty({ ...failedMessage, key: "x".repeat(300) }, "KEY"));
  assert.ok(long.dedup_key.length <= 255);
});
