/**
 * The pages of the operators' guide in the parts in which tests go through them. A part begins with a machine of its own;
 * within it pages come in the order in which an operator meets them, each on the machine that the one before has left.
 */
export const guideParts = {
  "first steps": ["README", "install", "monitor", "run-by-hand"],
  "getting back": [
    "verify",
    "copies-rule",
    "copies",
    "signatures",
    "prove",
    "retention",
    "restore",
    "total-loss",
    "leave",
    "migrate",
  ],
  "changing it": ["customise", "troubleshoot"],
  "what is proven": ["anomalies", "recovery-time", "throwaway-servers"],
  "keys and sets": ["encryption", "restore-points", "hooks"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type GuidePart = keyof typeof guideParts;

/** Pages whose blocks are not typed on this machine, and what tries them in its place. */
export const elsewhere: Readonly<Record<string, string>> = {
  alerts: "tests/end-to-end/alerts.test.ts: servers that take the messages, which no example.org does",
  azure: "tests/integration/away-faults.test.ts: azurite, because Azure itself is far",
  packages: "tests/packaging: machines on which each package is built, installed and upgraded",
  rclone: "tests/integration/away-faults.test.ts: the installed rclone with a folder and a WebDAV server",
  s3: "tests/integration/object-stores.test.ts: a real Ceph gateway, and its policy in fixtures/append-only-policy.ts",
  destinations: "tests/end-to-end/destination-test.test.ts: its commands on storages that are there",
  sftp: "tests/integration/folders.test.ts: a real OpenSSH server, which no example.org is",
  webdav: "tests/integration/folders.test.ts: a real Apache",
  webhook: "src/alerts/channels/guide.test.ts: the body and the signature, checked as the page does it",
};

const program =
  "cd /opt/codex-backup; scripts/setup; ln -sf $PWD/bin/codex-backup /usr/local/bin/codex-backup";

/** What install.md comes to, where a part does not begin with that page itself. */
export const installed = `
${program}
mkdir -p /etc/codex-backup
codex-backup --config /etc/codex-backup/config.yaml init --preset codex
codex-backup destination init --all
codex-backup schedule install --cron`;

const toCron = "codex-backup schedule uninstall; codex-backup schedule install --cron";
const oldLines = `
0 2 * * * root docker exec codex_postgres pg_dump -U codex codexdb > /backups/codexdb_$(date +\\%F).sql
15 2 * * * root cd /opt/Super-Codex-AI && /usr/bin/python scripts/generate_replay_capsule.py
30 2 * * * root sha256sum /opt/Super-Codex-AI/storage/replays/*.zip > /opt/Super-Codex-AI/storage/replays/checksums.txt
# 0 3 * * 0 root find /backups -name "codexdb_*.sql" -mtime +30 -delete
`;
const script = "/opt/Super-Codex-AI/scripts/extra.py";
const config = "/etc/codex-backup/config.yaml";
const allRun = "codex-backup run --all";

/** Three nights in the job's history, under names that leave today's to the page. */
const threeNights = `
sed 's/codexdb_{date}/codexdb_night_{timestamp}/' ${config} > /root/nights.yaml
for night in 1 2 3; do codex-backup --config /root/nights.yaml run database; sleep 1; done`;

/** What is done to the machine before a section, or before a later block of it, so that its commands meet what they are about. */
export const scenes: Readonly<Record<string, string>> = {
  "README: Five minutes": program,
  "install: What must be there": `
    cd; codex-backup schedule uninstall; docker exec codex_postgres dropdb -U codex codexdb_restored
    rm -r codex-backup.yaml /usr/local/bin/codex-backup /backups /var/lib/codex-backup
    rm -r /opt/Super-Codex-AI/storage/replays`,
  "install: Keep it safe": toCron,
  "monitor: From another host": "cp -a /backups /mnt/backups",
  "monitor: Prometheus": "mkdir -p /var/lib/prometheus/node-exporter",
  "run-by-hand: Run by hand": toCron,
  "verify: By hand": allRun,
  "verify: A file was replaced on purpose": `
    cd /opt/Super-Codex-AI/storage && /usr/bin/python3 -m zipfile -c replays/replay_2025.zip audit.log
    touch -d '2 hours ago' replays/replay_2025.zip && codex-backup run checksums
    /usr/bin/python3 -m zipfile -c replays/replay_2025.zip audit.log ledger`,
  "prove: By itself": `cp -a ${config} /root/config.yaml`,
  "prove: Did it work?": `cp -a /root/config.yaml ${config}`,
  "restore: A file without a catalog, or on another machine": "cp -a /backups /mnt/usb",
  "total-loss: Before it happens": "mkdir -p /media/safe; age-keygen -o /media/safe/key.txt",
  "total-loss: Before it happens, 2": `sed -i "s/age1ql3z[a-z0-9]*/$(age-keygen -y /media/safe/key.txt)/" ${config}`,
  "total-loss: On a new machine": "rm -rf /mnt/usb; codex-backup run database; cp -a /backups /mnt/usb",
  "customise: Change a time": `${allRun}; sed -i 's/^0 2 /30 1 /' /etc/cron.d/codex-backup`,
  "customise: Change a time, 4": "codex-backup schedule uninstall; codex-backup schedule install --systemd",
  "customise: Clean up old files": toCron,
  "customise: Take over lines of an old crontab": `cat > /etc/cron.d/codex-backup <<'END'${oldLines}END`,
  "migrate: Keep your old files": `
    docker exec codex_postgres pg_dump -U codex codexdb > /backups/codexdb_2026-10-01.sql
    cd /opt/Super-Codex-AI/storage && /usr/bin/python3 -m zipfile -c replays/replay_20261001.zip audit.log ledger`,
  "migrate: Switch over": `cat > /etc/cron.d/codex-backup <<'END'${oldLines}END`,
  "troubleshoot: The container is not found": "docker stop -t 1 codex_postgres",
  "troubleshoot: Permission denied": "chown root:root /backups",
  "troubleshoot: A script fails": `echo import annals > ${script}`,
  "troubleshoot: A script fails, 3": `echo 'print(1)' > ${script}`,
  "troubleshoot: Nothing happens at night": "systemctl stop cron; chmod 666 /etc/cron.d/codex-backup",
  "troubleshoot: The list is wrong": "rm /var/lib/codex-backup/catalog.db*",
  "anomalies: Anomalies": `${threeNights}
    docker exec codex_postgres psql -U codex codexdb -c "DROP TABLE replay_archives"`,
  "recovery-time: Recovery time": "codex-backup run capsule; codex-backup prove --job database --latest",
  "throwaway-servers: Choose where": `cp -a ${config} /root/config.yaml`,
  "throwaway-servers: A scratch server": `codex-backup config check
    printf 'secret\\n' > /etc/codex-backup/scratch; chmod 600 /etc/codex-backup/scratch`,
  "throwaway-servers: Did it work?": `codex-backup config check; cp -a /root/config.yaml ${config}`,
  "restore-points: A database and its files as one restore point": `cp -a /root/config.yaml ${config}
    cd /opt/Super-Codex-AI/storage/ledger
    docker exec codex_postgres psql -U codex codexdb -c "CREATE TABLE files (path text, deleted boolean)"
    find . -type f | sed "s/.*/INSERT INTO files VALUES ('&', false);/" | docker exec -i codex_postgres psql -U codex codexdb`,
  "hooks: Programs before and after a run": `
    for name in app-control ship-offsite; do
      printf '#!/bin/sh\\necho "$CODEX_BACKUP_HOOK $*"\\n' > /usr/local/bin/$name; chmod 755 /usr/local/bin/$name
    done`,
  // The safe is another machine: what is asked of it by ssh is done in its directory.
  "encryption: Make a key": `mkdir -p /media/safe
    printf '#!/bin/sh\\nshift\\ncd /media/safe && exec "$@"\\n' > /usr/local/bin/ssh; chmod 755 /usr/local/bin/ssh`,
  "encryption: Encrypt a job": `cp -a ${config} /root/config.yaml`,
  "encryption: Encrypt a job, 2": `
    sed -i "s/age1ql3z[a-z0-9]*/$(age-keygen -y /media/safe/key.txt)/" ${config}`,
};
