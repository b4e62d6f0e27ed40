import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { type ConfigFolder, createConfigFolder } from "../../tests/fakes/written-config.ts";

const canary = "https://hooks.example/kanarienvogel/T0/B0";

const jobs = `jobs:
  database: { command: { argv: [x] } }
  capsule: { command: { argv: [x] } }
`;

const everything = `${jobs}alerts:
  email: { from: b@x.org, to: o@x.org, smtp: { host: mail.x.org, user: u, passwordFile: password, caFile: ca.pem } }
  webhook: { urlFile: url, signingKey: { env: KEY }, headers: { Authorization: { env: KEY } } }
  slack: { url: { env: HOOK } }
  discord: { url: { command: [printenv, HOOK] } }
  teams: { urlFile: url }
  ntfy: { topic: { env: KEY }, token: { env: KEY } }
  telegram: { botToken: { env: KEY }, chat: -100123 }
  pagerduty: { routingKey: { env: KEY } }
  exec: { argv: [bin/tell, --loud] }
  channels:
    on-call: { email: { from: b@x.org, to: [a@x.org, c@x.org], sendmail: /usr/sbin/sendmail } }
  rules:
    - { jobs: database, events: [failed, recovered], channels: [slack, on-call], escalate: { after: 4h, to: pagerduty } }
    - { events: digest }
  digest: { schedule: "0 8 * * 1", channels: email }
pings: { url: { env: PING } }
`;

const env = { KEY: "kanarienvogel-key", HOOK: canary, PING: "https://hc.example/kanarienvogel/{job}" };

async function createFolder(context: Parameters<typeof createConfigFolder>[0]): Promise<ConfigFolder> {
  const folder = await createConfigFolder(context, env);
  await folder.write("password", "kanarienvogel-password\n");
  await folder.write("url", `${canary}\n`);
  return folder;
}

async function told(folder: ConfigFolder, section: string, mode?: number): Promise<string> {
  const { lines } = await folder.refuse(`${jobs}${section}\n`, mode);
  const text = lines.slice(1).join("\n");
  assert.doesNotMatch(text, /kanarienvogel/);
  return text;
}

test("every kind of channel is read, in its short form and under a name", async (context) => {
  const folder = await createFolder(context);
  const { alerts, pings } = await folder.load(everything);
  assert.deepEqual(
    alerts?.channels.map(({ name, kind }) => `${name} ${kind}`),
    [
      ...["email", "webhook", "slack", "discord", "teams", "ntfy", "telegram", "pagerduty", "exec"].map(
        (kind) => `${kind} ${kind}`,
      ),
      "on-call email",
    ],
  );
  const [email, webhook, , , , , telegram] = alerts?.channels ?? [];
  assert.ok(email?.kind === "email" && email.transport.kind === "smtp");
  assert.deepEqual(
    { ...email.transport, login: email.transport.login?.password.reveal() },
    {
      kind: "smtp",
      host: "mail.x.org",
      port: 587,
      tls: "starttls",
      login: "kanarienvogel-password",
      caFile: `${folder.path}/ca.pem`,
    },
  );
  assert.ok(webhook?.kind === "webhook" && telegram?.kind === "telegram");
  assert.equal(webhook.url.reveal(), canary);
  assert.equal(webhook.headers[0]?.value.reveal(), env.KEY);
  assert.equal(telegram.chat, "-100123");
  assert.deepEqual(alerts?.rules, [
    {
      jobs: ["database"],
      events: ["failed", "recovered"],
      channels: ["slack", "on-call"],
      escalateAfterMs: 4 * 3_600_000,
      escalateTo: ["pagerduty"],
    },
    { jobs: null, events: ["digest"], channels: null, escalateAfterMs: null, escalateTo: [] },
  ]);
  assert.deepEqual(alerts?.digest, { schedule: "0 8 * * 1", channels: ["email"] });
  assert.equal(pings?.urls.get("capsule")?.reveal(), "https://hc.example/kanarienvogel/capsule");
});

test("no secret is shown: not in the effective config, not in JSON, and all of them are redacted", async (context) => {
  const folder = await createFolder(context);
  const config = await folder.load(everything);
  const effective = folder.loader.showEffective(config);
  assert.doesNotMatch(effective + JSON.stringify(config) + inspect(config, { depth: 9 }), /kanarienvogel/);
  const hidden = config.secrets.map((secret) => secret.reveal());
  assert.ok(hidden.includes("/kanarienvogel/T0/B0"), "the path of an address is as good as the address");
  assert.ok(hidden.includes("https://hc.example/kanarienvogel/database"));
  const again = await folder.load(
    effective.replaceAll(/\bfile: (password|url)$/gm, `file: ${folder.path}/$1`),
  );
  assert.deepEqual(again.alerts, config.alerts);
  assert.deepEqual(again.pings, config.pings);
  assert.equal(
    folder.loader.showEffective(again),
    effective.replaceAll(/\bfile: (password|url)$/gm, `file: ${folder.path}/$1`),
  );
});

test("commands that need no channel read the config without the right to any secret", async (context) => {
  const folder = await createConfigFolder(context);
  const config = await folder.load(everything, { secrets: "closed" });
  assert.equal(config.alerts?.channels.length, 10);
  assert.deepEqual(config.secrets, []);
  assert.match(folder.loader.showEffective(config), /url:\n\s+env: HOOK/);
});

test("a job's own ping goes before the common one, and none means none", async (context) => {
  const folder = await createFolder(context);
  const config = await folder.load(
    `jobs:
  a: { command: { argv: [x] }, ping: { env: HOOK } }
  b: { command: { argv: [x] }, ping: none }
  "c d": { command: { argv: [x] } }
pings: { url: { env: PING } }
`.replace('"c d"', "c.d"),
  );
  assert.deepEqual(
    [...(config.pings?.urls ?? [])].map(([job, url]) => [job, url.reveal()]),
    [
      ["a", canary],
      ["c.d", "https://hc.example/kanarienvogel/c.d"],
    ],
  );
  const again = await folder.load(folder.loader.showEffective(config));
  assert.deepEqual([...(again.pings?.urls ?? [])], [...(config.pings?.urls ?? [])]);
});

const refusals: Readonly<Record<string, readonly [section: string, told: RegExp]>> = {
  "an unknown key": [
    "alerts: { emial: {} }",
    /3?:\d+: unknown key "emial" in alerts; .*did you mean "email"\?/,
  ],
  "a channel that no rule's reader would find": [
    "alerts: { exec: { argv: [x] }, rules: [{ channels: [exce] }] }",
    /config.yaml:4:\d+: alerts.rules\[0\].channels\[0\] names the unknown channel "exce"; allowed: exec; did you mean "exec"\?/,
  ],
  "an unknown job": [
    "alerts: { exec: { argv: [x] }, rules: [{ jobs: databse }] }",
    /alerts.rules\[0\].jobs names the unknown job "databse"; allowed: database, capsule; did you mean "database"\?/,
  ],
  "an unknown one to escalate to, and for the digest": [
    'alerts: { exec: { argv: [x] }, rules: [{ escalate: { after: 1h, to: boss } }], digest: { schedule: "0 8 * * 1", channels: [chief] } }',
    /digest.channels\[0\] names the unknown channel "chief"[\s\S]*escalate.to names the unknown channel "boss"|escalate.to names the unknown channel "boss"[\s\S]*"chief"/,
  ],
  "an unknown event": [
    "alerts: { exec: { argv: [x] }, rules: [{ events: [fialed] }] }",
    /events\[0\] is "fialed"; allowed: failed, .*did you mean "failed"/,
  ],
  "rules that nobody would hear": [
    "alerts: { rules: [{ events: failed }] }",
    /alerts has no channel; needed: at least one of email/,
  ],
  "two channels of one name": [
    "alerts: { exec: { argv: [x] }, channels: { exec: { exec: { argv: [y] } } } }",
    /alerts.channels.exec is called as another channel is/,
  ],
  "a named channel of two kinds": [
    "alerts: { channels: { a: { exec: { argv: [x] }, slack: { url: { env: HOOK } } } } }",
    /alerts.channels.a is a group of keys; allowed: exactly one of email/,
  ],
  "plain http to another host": [
    'alerts: { slack: { url: "http://hooks.example/kanarienvogel" } }',
    /alerts.slack.url is plain http to another host; allowed: https:/,
  ],
  "a hook without an address": [
    "alerts: { slack: {} }",
    /alerts.slack.url is missing; needed: url or urlFile/,
  ],
  "a password over an open line": [
    "alerts: { email: { from: a@b, to: a@b, smtp: { host: mail.x.org, tls: none } } }",
    /smtp.tls is none, and the server is another host; allowed: starttls, implicit/,
  ],
  "a login without a password": [
    "alerts: { email: { from: a@b, to: a@b, smtp: { host: h, user: u } } }",
    /smtp.password is missing beside user/,
  ],
  "an address that would write a header of its own": [
    'alerts: { email: { from: "a@b\\nBcc: x@y", to: a@b, sendmail: /s } }',
    /alerts.email.from is .*; allowed: an address such as/,
  ],
  "an address that the mailer would take for an option": [
    'alerts: { email: { from: a@b, to: "-oQ/tmp@b", sendmail: /s } }',
    /alerts.email.to is .*; allowed: an address/,
  ],
  "a mail without a way": ["alerts: { email: { from: a@b, to: a@b } }", /exactly one of smtp, sendmail/],
  "a header with a line end": [
    'alerts: { webhook: { urlFile: url, headers: { "X\\r\\nY": a } } }',
    /headers/,
  ],
  "one check shared by two jobs": [
    "pings: { urlFile: url }",
    /pings.urlFile has no {job}, so that 2 jobs would share one check/,
  ],
};

for (const [what, [section, pattern]] of Object.entries(refusals)) {
  test(`refused with its place: ${what}`, async (context) => {
    assert.match(await told(await createFolder(context), section), pattern);
  });
}

test("an address in a config that every user can read is refused without being repeated", async (context) => {
  const folder = await createFolder(context);
  const section = `alerts: { slack: { url: "${canary}" } }\npings: { url: "https://hc.example/kanarienvogel/{job}" }`;
  const text = await told(folder, section, 0o644);
  assert.match(text, /alerts.slack.url is a secret in a file that every user can read/);
  assert.match(text, /pings.url is a secret in a file that every user can read/);
});
