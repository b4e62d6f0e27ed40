import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type GuideMachine, startGuideMachine } from "../servers/guide-machine.ts";
import { tryProgram } from "../servers/run-program.ts";
import type { SystemdHost } from "../servers/systemd.ts";
import { type GuideBlock, readGuide } from "./guide-page.ts";
import { tryBlock } from "./guide-run.ts";

const guide = join(import.meta.dirname, "../../docs/guide");

/** In the order in which an operator meets them: each goes on from the machine that the one before has left. */
const pages = [
  ...["install", "monitor", "run-by-hand", "verify", "signatures", "prove", "retention", "restore", "leave"],
  ...["customise", "migrate", "troubleshoot"],
];

const toCron = "codex-backup schedule uninstall; codex-backup schedule install --cron";
const oldLines = `
0 2 * * * root docker exec codex_postgres pg_dump -U codex codexdb > /backups/codexdb_$(date +\\%F).sql
15 2 * * * root cd /opt/Super-Codex-AI && /usr/bin/python scripts/generate_replay_capsule.py
30 2 * * * root sha256sum /opt/Super-Codex-AI/storage/replays/*.zip > /opt/Super-Codex-AI/storage/replays/checksums.txt
# 0 3 * * 0 root find /backups -name "codexdb_*.sql" -mtime +30 -delete
`;
const script = "/opt/Super-Codex-AI/scripts/extra.py";

/** What is done to the machine before a section, or before a later block of it, so that its commands meet what they are about. */
const scenes: Readonly<Record<string, string>> = {
  "install: Keep it safe": toCron,
  "monitor: From another host": "cp -a /backups /mnt/backups",
  "monitor: Prometheus": "mkdir -p /var/lib/prometheus/node-exporter",
  "run-by-hand: Run by hand": toCron,
  "verify: A file was replaced on purpose": `
    cd /opt/Super-Codex-AI/storage && /usr/bin/python3 -m zipfile -c replays/replay_2025.zip audit.log
    touch -d '2 hours ago' replays/replay_2025.zip && codex-backup run checksums
    /usr/bin/python3 -m zipfile -c replays/replay_2025.zip audit.log ledger`,
  "prove: By itself": "cp -a /etc/codex-backup/config.yaml /root/config.yaml",
  "prove: Did it work?": "cp -a /root/config.yaml /etc/codex-backup/config.yaml",
  "restore: A file without a catalog, or on another machine": "cp -a /backups /mnt/usb",
  "customise: Change a time": "sed -i 's/^0 2 /30 1 /' /etc/cron.d/codex-backup",
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
};

function blocksOf(page: string): readonly GuideBlock[] {
  return readGuide(`${page}.md`, readFileSync(join(guide, `${page}.md`), "utf8"));
}

function executed(page: string): readonly GuideBlock[] {
  return blocksOf(page).filter(({ language, note }) => language === "sh" || note.startsWith("into "));
}

/** "page: Heading" of a section's first block, "page: Heading, 2" of its second. */
function keysOf(page: string, blocks: readonly GuideBlock[]): readonly string[] {
  return blocks.map(({ heading }, index) => {
    const number = blocks.slice(0, index + 1).filter((one) => one.heading === heading).length;
    return `${page}: ${heading}${number === 1 ? "" : `, ${number}`}`;
  });
}

/** What was not as the page says, of its blocks in order. */
async function tryPage(host: SystemdHost, page: string): Promise<readonly string[]> {
  const faults: string[] = [];
  const blocks = executed(page);
  const keys = keysOf(page, blocks);
  for (const [index, block] of blocks.entries()) {
    const scene = scenes[keys[index] ?? ""];
    if (scene !== undefined) await host.run("sh", "-euc", scene);
    const fault = await tryBlock(host, block);
    if (fault !== null) faults.push(fault);
  }
  return faults;
}

/** Where the tool would leave something on this host, if it were not on the machine. */
const ours =
  "/etc/cron.d /etc/codex-backup /etc/systemd/system /backups /var/lib/codex-backup /opt /usr/local/bin";

async function listHost(): Promise<string> {
  const list = `find ${ours} -maxdepth 2 -printf '%p %m %u %T@\\n' 2>/dev/null | sort`;
  return (await tryProgram(["sh", "-c", list])).stdout;
}

test("what is shown and not executed is little, and each of it has its reason and a test elsewhere", () => {
  const shown = pages.flatMap(blocksOf).filter(({ note }) => note.startsWith("shown: "));
  assert.deepEqual(
    shown.map(({ text, note }) => [text, note]),
    // tests/end-to-end/schedule-units.test.ts: what the editor leaves is kept and shown.
    [["systemctl edit codex-backup-database.timer", "shown: it opens an editor"]],
  );
});

test("no command hides where it is not executed", () => {
  const blocks = pages.flatMap(blocksOf);
  const hidden = blocks.filter(
    ({ language, text }) =>
      !["sh", "yaml"].includes(language) && /^(\$ )?(codex-backup|docker|systemctl|sudo) /m.test(text),
  );
  assert.deepEqual(
    hidden.map(({ place }) => place),
    [],
  );
  assert.ok(blocks.filter(({ language }) => language === "sh").length > 60);
});

test("each page ends with what proves that it worked", () => {
  for (const page of pages) {
    const last = blocksOf(page).at(-1);
    assert.deepEqual([last?.heading, last?.language], ["Did it work?", "sh"], page);
  }
});

test("every scene belongs to a section that is there", () => {
  const numbered = pages.flatMap((page) => keysOf(page, executed(page)));
  assert.deepEqual(
    Object.keys(scenes).filter((key) => !numbered.includes(key)),
    [],
  );
});

describe("the operators' guides", { timeout: 600_000 }, () => {
  let machine: GuideMachine;
  let hostBefore = "";
  before(async () => {
    hostBefore = await listHost();
    machine = await startGuideMachine();
  });
  after(() => machine.remove());

  for (const page of pages) {
    test(`every command of ${page}.md does what the page says, as it stands`, async () => {
      const faults = await tryPage(machine.host, page);
      assert.ok(faults.length === 0, `\n${faults.join("\n\n")}`);
    });
  }

  test("a line that is misspelt anywhere would be seen", async () => {
    const find = (page: string, words: string) =>
      blocksOf(page).find(({ text, output }) => `${text}\n${output}`.includes(words)) ??
      assert.fail(`${page} has no "${words}"`);
    const misspelt: readonly (readonly [page: string, from: string, to: string])[] = [
      ["monitor", "codex-backup list", "codex-backup lst"],
      ["monitor", "tail -5", "tial -5"],
      ["monitor", "ls -la /backups/codexdb_", "ls -la /backups/codex_db"],
      ["restore", "--since", "--sinse"],
      ["run-by-hand", "prune --dry-run", "prune --dryrun"],
      ["install", "database (codexdb)  complete", "database (codexdb)  finished"],
    ];
    for (const [page, from, to] of misspelt) {
      const block = find(page, from);
      const wrong = {
        ...block,
        text: block.text.replace(from, to),
        output: block.output?.replace(from, to) ?? null,
      };
      assert.notEqual(await tryBlock(machine.host, wrong), null, to);
    }
  });

  test("nothing of it is left on this host", async () => {
    assert.equal(await listHost(), hostBefore);
  });
});
