import assert from "node:assert/strict";
import { watch } from "node:fs";
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  type ChannelSubject,
  describeChannelContract,
  failureOf,
  type Weather,
} from "../../../tests/contract/channel-contract.ts";
import { createHandClock, type HandClock } from "../../../tests/fakes/hand-clock.ts";
import { failedMessage } from "../../../tests/fixtures/alerts/messages.ts";
import { readable } from "../../../tests/fixtures/alerts/read-mail.ts";
import { temporaryDirectory } from "../../../tests/servers/cleanup.ts";
import type { ChannelSettings } from "../../domain/alerts/alert-settings.ts";
import type { Channel } from "../alert.ts";
import { createChannels } from "../create-channels.ts";

const never = new AbortController().signal;
const childEnv = { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" };

const programs: Readonly<Record<Weather, string>> = {
  fine: 'cat > "$0.taken"; env > "$0.env"; printf "%s\\n" "$@" > "$0.argv"',
  silent: 'echo > "$0.reached"; sleep 600 & wait',
  broken: "cat > /dev/null; kill -KILL $$",
  busy: "cat > /dev/null; exit 75",
  refusing: "echo kanarienvogel4711 >&2; exit 67",
  absent: "",
};

type SettingsOf = (program: string) => ChannelSettings;

const kinds: Readonly<Record<string, SettingsOf>> = {
  exec: (program) => ({ kind: "exec", name: "tell", argv: [program, "--loud", "a b"] }),
  sendmail: (program) => ({
    kind: "email",
    name: "mail",
    from: "backup@example.org",
    to: ["root@localhost", "ops@example.org"],
    transport: { kind: "sendmail", program },
  }),
};

interface Scene extends ChannelSubject {
  readonly directory: string;
}

async function openAt(settingsOf: SettingsOf, weather: Weather, clock: HandClock): Promise<Scene> {
  const directory = temporaryDirectory("program");
  const program = join(directory, "program");
  if (weather !== "absent") {
    await writeFile(program, `#!/bin/sh\n${programs[weather]}\n`);
    await chmod(program, 0o755);
  }
  const [channel] = createChannels([settingsOf(program)], { clock, childEnv });
  if (channel === undefined) throw new Error("no channel");
  const taken = new Map<string, string>();
  const reached = weather === "silent" ? untilThere(directory, "program.reached") : Promise.resolve();
  return {
    channel: withReading(channel, directory, taken),
    directory,
    received: () => [...taken.values()].map((text) => (channel.kind === "email" ? readable(text) : text)),
    reached: () => reached,
    close: async () => undefined,
  };
}

/** The channel; after each delivery, what the program had written is read. */
function withReading(channel: Channel, directory: string, taken: Map<string, string>): Channel {
  return {
    ...channel,
    async deliver(message, signal) {
      await channel.deliver(message, signal);
      for (const name of await readdir(directory)) {
        if (name.endsWith(".taken")) taken.set(name, await readFile(join(directory, name), "utf8"));
      }
    },
  };
}

async function untilThere(directory: string, name: string): Promise<void> {
  const watcher = watch(directory);
  try {
    while (!(await readdir(directory)).includes(name)) {
      await new Promise((resolve) => watcher.once("change", resolve));
    }
  } finally {
    watcher.close();
  }
}

for (const [kind, settingsOf] of Object.entries(kinds)) {
  describeChannelContract(kind, (weather, clock) => openAt(settingsOf, weather, clock), {
    broken: "alerts.unreachable",
    busy: "alerts.unreachable",
    refusing: "alerts.refused",
    absent: "alerts.refused",
  });
}

test("a program gets its arguments as they are, the message as JSON, and nothing of our environment", async () => {
  const settingsOf = kinds.exec as SettingsOf; // it stands above
  const { channel, directory, received } = await openAt(settingsOf, "fine", createHandClock());
  await channel.deliver(failedMessage, never);
  assert.equal(await readFile(join(directory, "program.argv"), "utf8"), "--loud\na b\n");
  const env = await readFile(join(directory, "program.env"), "utf8");
  assert.deepEqual(
    env
      .split("\n")
      .flatMap((line) => line.split("=")[0] || [])
      .filter((name) => !["PWD", "_", "OLDPWD", "SHLVL"].includes(name))
      .sort(),
    ["LANG", "PATH"],
  );
  const document: unknown = JSON.parse(received()[0] ?? "");
  assert.equal((document as { subject: unknown }).subject, failedMessage.subject); // an object, as parsed
});

test("the local mailer gets every recipient as an argument, none of them as an option", async () => {
  const settingsOf = kinds.sendmail as SettingsOf; // it stands above
  const { channel, directory } = await openAt(settingsOf, "fine", createHandClock());
  await channel.deliver(failedMessage, never);
  assert.equal(
    await readFile(join(directory, "program.argv"), "utf8"),
    "-i\n-f\nbackup@example.org\n--\nroot@localhost\nops@example.org\n",
  );
});

test("a program that hangs is ended, with all that it started", async () => {
  const clock = createHandClock();
  const settingsOf = kinds.exec as SettingsOf; // it stands above
  const { channel, reached, directory } = await openAt(settingsOf, "silent", clock);
  const delivery = failureOf(channel.deliver(failedMessage, never));
  await reached();
  clock.advance(10_000);
  await delivery;
  const program = join(directory, "program");
  for (const endMs = performance.now() + 10_000; await isRunning(program); ) {
    assert.ok(performance.now() < endMs, "it lives");
  }
});

async function isRunning(program: string): Promise<boolean> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return lines.some((line) => line.includes(program));
}
