import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import type { Destination } from "../../../src/destinations/destination.ts";
import type { SftpSettings } from "../../../src/destinations/folder/sftp/settings.ts";
import { createSftpDestination } from "../../../src/destinations/folder/sftp/sftp-destination.ts";
import { createSftpFolder } from "../../../src/destinations/folder/sftp/sftp-folder.ts";
import { Failure } from "../../../src/domain/failure.ts";
import { Secret } from "../../../src/domain/secret.ts";
import type { Clock } from "../../../src/platform/clock.ts";
import { describeDestinationContract } from "../../contract/destination-contract.ts";
import {
  contentOf,
  hasCode,
  hash,
  hashOf,
  namesOf,
  runId,
  stageBytes,
} from "../../contract/destination-steps.ts";
import { createHandClock } from "../../fakes/hand-clock.ts";
import { startLineCutter } from "../../servers/line-cutter.ts";
import { runProgram } from "../../servers/run-program.ts";
import { farUser, type RunningSshd } from "../../servers/sshd.ts";
import { farTraits, remoteDeps } from "./remote-deps.ts";

/** Everything that must hold with a real OpenSSH server. */
export function describeSftp(server: () => RunningSshd): void {
  let folders = 0;
  const settings = (changes: Partial<SftpSettings> = {}): SftpSettings => ({
    name: "far",
    host: "127.0.0.1",
    port: server().port,
    user: farUser.name,
    path: changes.path ?? server().folder(`f${folders++}`),
    hostKeys: [server().fingerprint],
    password: null,
    privateKey: new Secret(server().key),
    passphrase: null,
    traits: farTraits("sftp"),
    ...changes,
  });
  const open = (given: SftpSettings, clock?: Clock) => createSftpDestination(given, remoteDeps(clock));

  describeDestinationContract("a folder behind sshd", async () => {
    const given = settings();
    const opened: Destination[] = [];
    const reopen = () => {
      const destination = open(given);
      opened.push(destination);
      return destination;
    };
    return {
      destination: reopen(),
      reopen,
      close: async () => void (await Promise.all(opened.map((each) => each.close()))),
    };
  });

  describeSignIn(settings, server);
  describeFiles(settings);
  describeBrokenLines(settings, server);
}

type Settings = (changes?: Partial<SftpSettings>) => SftpSettings;

/** Opens, tries, closes. */
async function using<T>(given: SftpSettings, work: (destination: Destination) => Promise<T>): Promise<T> {
  const destination = createSftpDestination(given, remoteDeps());
  try {
    return await work(destination);
  } finally {
    await destination.close();
  }
}

function describeSignIn(settings: Settings, server: () => RunningSshd): void {
  test("an unknown host key is refused before any secret is sent, and the failure shows it", async () => {
    const other = `SHA256:${"A".repeat(43)}`;
    const given = settings({ hostKeys: [other], password: new Secret("a wrong one"), privateKey: null });
    const failure = await using(given, (destination) =>
      destination.ready().then(
        () => null,
        (error) => error,
      ),
    );
    assert.ok(failure instanceof Failure);
    assert.equal(failure.code, "destination.host-key");
    assert.ok(failure.message.includes(server().fingerprint), failure.message);
    assert.match(failure.hint ?? "", /ssh-keygen -lf \/etc\/ssh\/ssh_host_ed25519_key\.pub/);
    await using({ ...settings(), hostKeys: [other, server().fingerprint] }, (both) => both.initialise());
  });
  test("a password, and a key with its passphrase, open the door; wrong ones are denied", async () => {
    const key = (passphrase: string | null) => ({
      privateKey: new Secret(server().lockedKey),
      passphrase: passphrase === null ? null : new Secret(passphrase),
    });
    const password = (text: string) => ({ privateKey: null, password: new Secret(text) });
    for (const good of [password(farUser.password), key(server().passphrase)])
      await using(settings(good), (destination) => destination.initialise());
    for (const bad of [password("no"), key("no"), key(null), { privateKey: null }])
      await using(settings(bad), (destination) =>
        assert.rejects(destination.list(), (error: unknown) => {
          assert.ok(hasCode("destination.denied")(error));
          assert.ok(!String(error).includes(server().passphrase));
          return true;
        }),
      );
  });
  test("nobody at that address is unreachable", async () => {
    await using(settings({ port: 1 }), (destination) =>
      assert.rejects(destination.look(), hasCode("destination.unreachable")),
    );
  });
}

function describeFiles(settings: Settings): void {
  test("a folder that is not there is missing, and initialise makes it and its parents, private", async () => {
    const path = join(settings().path, "deep", "er");
    await using(settings({ path }), async (destination) => {
      await assert.rejects(destination.ready(), hasCode("destination.missing"));
      await assert.rejects(destination.put("a", Buffer.from("x"), runId), hasCode("destination.missing"));
      await destination.initialise();
      const { freeBytes, totalBytes } = await destination.ready();
      assert.ok(freeBytes !== null && totalBytes !== null && freeBytes > 0 && totalBytes >= freeBytes);
    });
    assert.equal(statSync(path).mode & 0o777, 0o700);
    assert.equal(statSync(join(path, ".codex-backup")).mode & 0o777, 0o600);
  });
  test("a path without a slash before it lies where the server puts the user", async () => {
    const { path: home } = settings();
    const name = `${home.split("/").at(-1)}-home`;
    await using(settings({ path: name }), async (destination) => {
      await destination.initialise();
      assert.match(destination.location, new RegExp(`^sftp://codex-far@127\\.0\\.0\\.1:\\d+/~/${name}$`));
    });
    assert.ok(readdirSync(join(home, "..", name)).includes(".codex-backup"));
  });
  test("a folder that may not be written is denied with its path, and what lies there is retained", async () => {
    const given = settings();
    await using(given, async (destination) => {
      await destination.initialise();
      await destination.put("a", Buffer.from("1"), runId);
      chmodSync(given.path, 0o500);
      await assert.rejects(destination.ready(), (error: unknown) => {
        assert.ok(hasCode("destination.denied")(error));
        return String(error).includes(given.path);
      });
      assert.equal(await destination.remove("a"), "retained");
      assert.equal(String(await destination.read("a")), "1");
      await destination.look();
    });
  });
  test("the server's rename itself refuses a taken name, whatever we look up", async () => {
    const given = settings();
    const folder = createSftpFolder(given, remoteDeps());
    writeFileSync(join(given.path, "a"), "first");
    for (const name of [".b", ".c"]) {
      await pipeline(Readable.from([Buffer.from(name)]), await folder.write(name));
    }
    await assert.rejects(folder.rename(".b", "a"), hasCode("destination.exists"));
    assert.equal(readFileSync(join(given.path, "a"), "utf8"), "first");
    const both = await Promise.allSettled([folder.rename(".b", "d"), folder.rename(".c", "d")]);
    assert.deepEqual(both.map((one) => one.status).sort(), ["fulfilled", "rejected"]);
    await folder.close();
  });
  test("links and folders under a backup's name are nothing that we stored", async () => {
    const given = settings();
    await runProgram([
      "sh",
      "-c",
      'cd "$1" && ln -s /etc/passwd a && mkdir b && echo x > c',
      "sh",
      given.path,
    ]);
    await using(given, async (destination) => {
      assert.deepEqual(await namesOf(destination), ["c"]);
      assert.deepEqual([await destination.stat("a"), await destination.stat("b")], [null, null]);
    });
  });
  test("a full disk is told as full", async () => {
    const given = settings();
    const mounted = `mount -t tmpfs -o size=2m,mode=0700,uid=${farUser.uid} tmpfs "$2"`;
    // The server has its own mounts: the disk is filled where it sees it.
    await runProgram([
      "nsenter",
      "-t",
      await serverPid(given.port),
      "-m",
      "sh",
      "-c",
      mounted,
      "sh",
      "",
      given.path,
    ]);
    await using(given, async (destination) => {
      const work = stageBytes(destination, "a", randomBytes(5 * 1024 * 1024));
      await assert.rejects(work, hasCode("destination.full"));
      assert.deepEqual(await namesOf(destination), []);
    });
  });
}

async function serverPid(port: number): Promise<string> {
  const told = await runProgram(["ss", "-Hltnp", `sport = :${port}`]);
  return /pid=(\d+)/.exec(told)?.[1] ?? "";
}

function describeBrokenLines(settings: Settings, server: () => RunningSshd): void {
  test("a line that breaks within an upload leaves no final name, and the next try works", async () => {
    const line = await startLineCutter(server().port);
    const given = settings({ port: line.port });
    const bytes = randomBytes(6 * 1024 * 1024);
    await using(given, async (destination) => {
      await destination.initialise();
      for (const cut of [100_000, 1_234_567, 5_000_000]) {
        line.cutAfter(cut);
        await assert.rejects(stageBytes(destination, "a.sql", bytes), hasCode("destination.unreachable"));
        line.mend();
        assert.equal(await destination.stat("a.sql"), null);
      }
      const [left] = await destination.listStaged();
      assert.equal(left?.name, "a.sql");
      const again = await stageBytes(destination, "a.sql", bytes);
      await again.publish();
      assert.equal(await hashOf(await destination.open("a.sql")), hash(bytes));
    });
    await line.close();
  });
  test("a line that breaks within a download is an error, never a short file", async () => {
    const line = await startLineCutter(server().port);
    const given = settings({ port: line.port });
    writeFileSync(join(given.path, "a"), randomBytes(8 * 1024 * 1024));
    chmodSync(join(given.path, "a"), 0o644);
    await using(given, async (destination) => {
      const opened = await destination.open("a");
      line.cutAfter(0);
      await assert.rejects(contentOf(opened), hasCode("destination.unreachable"));
      line.mend();
      assert.equal((await contentOf(await destination.open("a"))).length, 8 * 1024 * 1024);
    });
    await line.close();
  });
  test("a server that falls silent is given up after five minutes, and what was begun is let go at once", async () => {
    const line = await startLineCutter(server().port);
    const clock = createHandClock();
    const destination = createSftpDestination(settings({ port: line.port }), remoteDeps(clock));
    const staged = await destination.stage("a", runId);
    line.freeze();
    const listing = destination.list();
    listing.catch(() => undefined);
    for (let half = 0; half < 10; half += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(30_000);
    }
    await assert.rejects(listing, hasCode("destination.unreachable"));
    staged.sink.destroy();
    line.mend();
    assert.deepEqual(await namesOf(destination), []);
    await destination.close();
    await line.close();
  });
}
