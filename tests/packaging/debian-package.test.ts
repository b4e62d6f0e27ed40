import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { buildBinary } from "../../scripts/packaging/binary.ts";
import { buildDebianPackage } from "../../scripts/packaging/debian.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { createDebianMachine, type DebianMachine, nightlyConfig, startPostgres } from "./debian-machine.ts";

const install = "dpkg --force-confdef --force-confold -i";
const asService = "setpriv --reuid=codex-backup --regid=codex-backup --clear-groups codex-backup";
// Everything on the machine that a package or its program could leave behind.
const listFiles = `find / -xdev \\( -path /proc -o -path /dev -o -path /run -o -path /tmp -o -path /root -o -path /var/lib/dpkg -o -path /var/log \\) -prune -o -print | sort`;

describe("the Debian package", { timeout: 300_000 }, () => {
  let machine: DebianMachine;
  let [older, newer, filesBefore] = ["", "", ""];
  before(async () => {
    const directory = temporaryDirectory("deb");
    await buildBinary(directory);
    machine = await createDebianMachine();
    older = machine.give(buildDebianPackage({ directory, version: "0.0.9", isPlain: true }));
    newer = machine.give(buildDebianPackage({ directory, version: "0.1.0", isPlain: true }));
    filesBefore = await machine.demand(listFiles);
  });

  test("installs with an account, directories for it alone, and nothing that starts by itself", async () => {
    await machine.demand(`${install} ${older}`);
    const modes = "stat -c '%a %U:%G %n' /var/lib/codex-backup /etc/codex-backup /var/log/codex-backup";
    assert.deepEqual((await machine.demand(modes)).trim().split("\n"), [
      "750 codex-backup:codex-backup /var/lib/codex-backup",
      "750 root:codex-backup /etc/codex-backup",
      "750 codex-backup:codex-backup /var/log/codex-backup",
    ]);
    assert.equal((await machine.run("test -e /etc/codex-backup/config.yaml")).code, 1);
    assert.equal(
      (await machine.run("test -e /etc/systemd/system/multi-user.target.wants/codex-backup.service")).code,
      1,
    );
    assert.match(await machine.demand("codex-backup --version"), /^\d+\.\d+\.\d+\n$/);
    assert.equal(await machine.demand("dpkg --verify codex-backup"), "");
  });

  test("its example is a config, its unit holds, its log rotation is understood, its completions and page are there", async () => {
    await machine.demand(
      "useradd codex; codex-backup --config /etc/codex-backup/config.yaml.example config check; userdel codex",
    );
    await machine.demand("systemd-analyze verify --recursive-errors=no --man=no codex-backup.service");
    const security = await machine.demand(
      "systemd-analyze security --offline=true /lib/systemd/system/codex-backup.service | tail -1",
    );
    const exposure = Number(/: ([\d.]+)/.exec(security)?.[1]);
    assert.ok(exposure <= 2.5, security);
    await machine.demand("logrotate --debug /etc/logrotate.d/codex-backup");
    await machine.demand("bash -n /usr/share/bash-completion/completions/codex-backup");
    assert.match(
      await machine.demand("zcat /usr/share/man/man1/codex-backup.1.gz"),
      /^\.SS codex\\-backup restore$/m,
    );
  });

  test("its account runs the nightly tasks, and only it can read what they leave", async () => {
    await machine.demand(`
      mkdir -p /srv/storage; echo one > /srv/storage/audit.log
      install -d -o codex-backup -g codex-backup -m 700 /srv/backups /srv/replays
      cat > /etc/codex-backup/config.yaml <<'END'\n${nightlyConfig}END
      chown root:codex-backup /etc/codex-backup/config.yaml; chmod 640 /etc/codex-backup/config.yaml`);
    const report = await machine.demand(`${startPostgres}
      ${asService} destination init --all >&2
      ${asService} --json run --all`);
    const { runs } = JSON.parse(report);
    assert.deepEqual(
      runs.map((run: { job: string; outcome: string }) => `${run.job} ${run.outcome}`),
      ["database complete", "capsule complete", "checksums complete"],
    );
    assert.match(
      await machine.demand("cd /srv/backups && sha256sum -c checksums.txt"),
      /codexdb_.*\.sql: OK/,
    );
    assert.match(
      await machine.demand("cd /srv/replays && sha256sum -c checksums.txt"),
      /codex_replay_.*\.zip: OK/,
    );
    assert.equal(await machine.demand("find /srv/backups /srv/replays -type f -perm /077"), "");
  });

  test("an upgrade keeps changed settings, the catalog and the backups", async () => {
    await machine.demand(
      "echo '# mine' >> /etc/codex-backup/config.yaml.example; echo '# mine' >> /etc/codex-backup/config.yaml",
    );
    await machine.demand(`${install} ${newer}`);
    assert.match(await machine.demand("dpkg-query -W codex-backup"), /0\.1\.0/);
    await machine.demand("tail -qn1 /etc/codex-backup/config.yaml* | uniq | grep -x '# mine'");
    const { backups } = JSON.parse(await machine.demand(`${asService} --json list`));
    assert.equal(backups.length, 2);
  });

  test("removing takes the program and leaves settings, catalog and backups", async () => {
    await machine.demand("dpkg -r codex-backup");
    assert.notEqual((await machine.run("command -v codex-backup")).code, 0);
    await machine.demand("test -s /etc/codex-backup/config.yaml && test -s /var/lib/codex-backup/catalog.db");
    await machine.demand("ls /srv/backups/codexdb_*.sql /srv/replays/codex_replay_*.zip");
  });

  test("purging leaves nothing but the backups, and keeps keys and backups that lie among the state", async () => {
    await machine.demand(
      "echo secret > /etc/codex-backup/age.key; mkdir /var/lib/codex-backup/mine; touch /var/lib/codex-backup/mine/.codex-backup",
    );
    const { stderr, code } = await machine.run("dpkg -P codex-backup");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /\/var\/lib\/codex-backup is kept: backups lie in it/);
    assert.match(stderr, /\/etc\/codex-backup is kept: there are files of yours in it/);
    assert.match(stderr, /backups were not touched/);
    await machine.demand(
      `test -f /etc/codex-backup/age.key && test -f /var/lib/codex-backup/mine/.codex-backup`,
    );
    await machine.demand(
      `${install} ${newer}; rm -r /etc/codex-backup/age.key /var/lib/codex-backup/mine; dpkg -P codex-backup`,
    );
    const known = new Set(filesBefore.split("\n"));
    const left = (await machine.demand(listFiles)).split("\n").filter((path) => !known.has(path));
    const ours = left.filter((path) => !/^\/srv\/(backups|replays|storage)(\/|$)/.test(path));
    assert.deepEqual(
      ours.filter((path) => !/^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$/.test(path)),
      [],
    );
    await machine.demand("id codex-backup"); // its number must not go to an account that could read the backups
    await machine.demand("su -s /bin/sh codex-backup -c 'ls /srv/backups' >/dev/null");
  });
});
