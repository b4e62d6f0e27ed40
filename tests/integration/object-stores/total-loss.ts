import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createOperator, type Operator } from "../../end-to-end/cli-tool.ts";
import { loadAwkward } from "../../fixtures/awkward.ts";
import { compareDatabases } from "../../fixtures/compare-databases.ts";
import { temporaryDirectory } from "../../servers/cleanup.ts";
import { debianRoot } from "../../servers/debian-root.ts";
import { freePort, type PostgresTestServer, startPostgres } from "../../servers/postgres.ts";
import { runProgram } from "../../servers/run-program.ts";
import { bucketOf, ceph, newPrefix } from "./s3-scene.ts";

// A host that backed up to a bucket is deleted entirely. What is left: the bucket, its address and keys, and the secret
// key in the safe.
const database = "awkward";

suite("total loss", { concurrency: false }, () => {
  let source: PostgresTestServer;
  let address: string;
  let secrets: Readonly<Record<string, string>>;
  let written: string;
  /** The backups' names, by job. */
  const names = new Map<string, string>();
  const safe = temporaryDirectory("safe");
  const keyFile = join(safe, "key.txt");

  before(async () => {
    const { endpoint, owner } = await ceph();
    const [bucket, prefix] = [await bucketOf("lost"), newPrefix()];
    address = `s3://${bucket}/${prefix}?region=us-east-1&endpoint=${endpoint}`;
    secrets = { AWS_ACCESS_KEY_ID: owner.keyId, AWS_SECRET_ACCESS_KEY: owner.secret };
    source = await startPostgres();
    await loadAwkward(source, database);
    await runProgram(["age-keygen", "-o", keyFile]);
    const recipient = (await runProgram(["age-keygen", "-y", keyFile])).trim();
    const reach = `socket: ${source.socketDirectory}, port: ${source.port}, user: ${source.user}`;
    written = `
state: ./state
destinations: { offsite: { s3: { bucket: ${bucket}, prefix: ${prefix}, region: us-east-1, endpoint: "${endpoint}" } } }
configCopy: { recipients: [${recipient}] }
jobs:
  database:
    postgres: { ${reach}, database: ${database} }
    compress: zstd
    encrypt: { recipients: [${recipient}] }
    to: [offsite]
    name: "{job}_{date}"
  files: { capsule: { root: ./tree }, to: [offsite], name: "{job}_{date}" }
`;
    const host = newHost(written);
    await say(host, "destination", "init", "--all");
    await say(host, "keys", "confirm", "--identity", keyFile);
    await say(host, "run", "--all");
    for (const { job, id } of (await host.json("list")).document.backups) names.set(job, id);
    rmSync(host.directory, { recursive: true });
  });

  after(() => source.stop());

  function nameOf(job: string): string {
    const name = names.get(job);
    assert.ok(name, job);
    return name;
  }

  function newHost(config: string): Operator {
    return createOperator(config, { PATH: source.env.PATH ?? "", ...secrets });
  }

  async function say(host: Operator, ...argv: readonly string[]): Promise<string> {
    const run = await host.run(...argv);
    assert.equal(run.code, 0, `${argv.join(" ")}\n${run.stdout}${run.stderr}`);
    return run.stdout;
  }

  test("with the address and the key alone: the config, the catalog, the files and the database come back", async () => {
    const host = newHost("");
    rmSync(host.path("codex-backup.yaml"));
    rmSync(host.path("tree"), { recursive: true });
    await say(host, "init", "--from", address, "--identity", keyFile);
    assert.equal(readFileSync(host.path("codex-backup.yaml"), "utf8"), written);
    rmSync(host.path("codex-backup.yaml"));
    await say(host, "init", "--from", address);
    await say(host, "catalog", "rebuild");
    assert.match(
      await say(host, "list"),
      /database.*offsite[\s\S]*files.*offsite|files.*offsite[\s\S]*database.*offsite/,
    );
    await say(host, "verify", nameOf("files"), "--level", "read");
    await say(host, "restore", nameOf("files"), "--to", host.path("tree"));
    assert.equal(readFileSync(host.path("tree/audit.log"), "utf8"), "one\ntwo\n");
    const server = await startPostgres();
    const url = `postgres://${server.user}@${encodeURIComponent(server.socketDirectory)}:${server.port}`;
    await say(host, "restore", nameOf("database"), "--to", database, "--server", url, "--identity", keyFile);
    const [ours, back] = [source, server].map(({ env }) => ({ env, database }));
    assert.ok(ours && back);
    assert.deepEqual(await compareDatabases(ours, back), []);
    await server.stop();
  });

  test("on a fresh root without us, by the words of RESTORE-v1.md, with rclone", async () => {
    const port = await freePort();
    const home = temporaryDirectory("fresh-root");
    for (const part of ["upper", "work", "root", "shared"]) mkdirSync(join(home, part));
    writeFileSync(join(home, "shared/script"), await scriptOf(address));
    cpSync(keyFile, join(home, "shared/key.txt"));
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...secrets };
    const argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-euc", enter];
    const run = runProgram([...argv, "enter", await debianRoot(), home, String(port)], { env });
    try {
      await Promise.race([untilThere(join(home, "shared/restored")), run]);
      const fresh = {
        PATH: source.env.PATH ?? "",
        PGHOST: "127.0.0.1",
        PGPORT: String(port),
        PGUSER: "postgres",
      };
      const restored = { env: fresh, database };
      assert.deepEqual(await compareDatabases({ env: source.env, database }, restored, "any"), []);
    } finally {
      writeFileSync(join(home, "shared/compared"), "");
    }
    assert.match(await run, /^one\ntwo$/m, "the capsule's file");
  });

  /** What a person types, in the order of the page; it is taken from the bucket's own page. */
  async function scriptOf(from: string): Promise<string> {
    const { origin, pathname, searchParams } = new URL(from.replace("s3:", "http:"));
    const folder = `${origin.slice("http://".length)}${pathname}`;
    const host = newHost("");
    const remote = {
      RCLONE_CONFIG_STORAGE_TYPE: "s3",
      RCLONE_CONFIG_STORAGE_PROVIDER: "Ceph",
      RCLONE_CONFIG_STORAGE_ENV_AUTH: "true",
      RCLONE_CONFIG_STORAGE_ENDPOINT: searchParams.get("endpoint") ?? "",
    };
    const env = { PATH: "/usr/bin:/bin", HOME: host.directory, ...secrets, ...remote };
    const page = await runProgram(["rclone", "cat", `STORAGE:${folder}/RESTORE-v1.md`], { env });
    const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, text = ""]) => text.trim());
    const step = (part: string, words: Readonly<Record<string, string>>) => {
      const found = blocks.filter((block) => block.includes(part));
      assert.equal(found.length, 1, part);
      const line = found[0] ?? "";
      return Object.entries(words).reduce((text, [word, value]) => text.replaceAll(word, value), line);
    };
    const [name, capsule] = [nameOf("database"), nameOf("files")];
    const words = { "STORAGE:FOLDER": `STORAGE:${folder}`, BACKUP: name, NEWDB: database };
    const decrypt = (file: string) =>
      step("age --decrypt", {
        "FILE.age": "\u0001.age",
        KEYFILE: "/shared/key.txt",
        FILE: file,
        "\u0001": file,
      });
    return [
      ...Object.entries(remote).map(([name, value]) => `export ${name}='${value}'`),
      step("rclone lsf", words),
      step("rclone copy", words),
      step("rclone copy", { ...words, BACKUP: capsule }),
      step("--strict", words),
      step("--strict", { BACKUP: capsule }),
      ...[`${name}.sql.zst`, `globals_${name}.sql`, `database_${name}.sql`].map(decrypt),
      step("globals_BACKUP", words),
      step("-d postgres -f database_BACKUP", words),
      step("BACKUP.sql.zst", words),
      step("unzip -t", { CAPSULE: capsule, TARGET: "out" }),
      "cat out/audit.log",
    ].join("\n");
  }
});

async function untilThere(path: string): Promise<void> {
  while (!existsSync(path)) await delay(50);
}

/** $1 the Debian, $2 our directory, $3 a port: makes the root and a server in it, and follows the script there. */
const enter = `
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
cd "$2/root"
cp /usr/bin/rclone /usr/bin/age usr/bin/
mkdir shared; mount --bind "$2/shared" shared
mount --bind /dev dev; mount -t proc proc proc
exec chroot . bash -euc '
  export HOME=/root LANG=C.UTF-8 PGUSER=postgres PGPORT=$1
  sed -i "s/peer\\|scram-sha-256/trust/" /etc/postgresql/15/main/pg_hba.conf
  sed -i "s/^port = .*/port = $1/" /etc/postgresql/15/main/postgresql.conf
  pg_ctlcluster 15 main start
  mkdir /root/fetched; cd /root/fetched
  bash -eu /shared/script
  touch /shared/restored
  while [ ! -e /shared/compared ]; do sleep 0.1; done
  pg_ctlcluster 15 main stop -m immediate' in-root "$3"`;
