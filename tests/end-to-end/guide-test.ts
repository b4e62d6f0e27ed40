import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type GuideMachine, startGuideMachine } from "../servers/guide-machine.ts";
import { tryProgram } from "../servers/run-program.ts";
import type { SystemdHost } from "../servers/systemd.ts";
import { type GuideBlock, readGuide } from "./guide-page.ts";
import { tryBlock } from "./guide-run.ts";
import { type GuidePart, guideParts, installed, scenes } from "./guide-scenes.ts";

const top = join(import.meta.dirname, "../..");
const guide = join(top, "docs/guide");

/** The README and every page of the guide that has a fence, by its name without ".md". */
export function pagesWithFences(): readonly string[] {
  const pages = globSync("*.md", { cwd: guide }).map((path) => basename(path, ".md"));
  return ["README", ...pages].filter((page) => blocksOf(page).length > 0).sort();
}

export function blocksOf(page: string): readonly GuideBlock[] {
  const path = join(page === "README" ? top : guide, `${page}.md`);
  return readGuide(`${page}.md`, readFileSync(path, "utf8"));
}

function executedOf(page: string): readonly GuideBlock[] {
  return blocksOf(page).filter(({ language, note }) => language === "sh" || note.startsWith("into "));
}

/** "page: Heading" of a section's first block, "page: Heading, 2" of its second. */
export function keysOf(page: string): readonly string[] {
  const blocks = executedOf(page);
  return blocks.map(({ heading }, index) => {
    const number = blocks.slice(0, index + 1).filter((one) => one.heading === heading).length;
    return `${page}: ${heading}${number === 1 ? "" : `, ${number}`}`;
  });
}

/**
 * Goes through the pages of a part, each a test of its own, on a machine as its operator finds it; install.md is
 * done before, unless it is one of them. `more` adds tests on what the pages have left.
 */
export function tryPart(part: GuidePart, more: (host: () => SystemdHost) => void = () => undefined): void {
  describe(`the operators' guides: ${part}`, { timeout: 280_000 }, () => {
    let machine: GuideMachine;
    let hostBefore = "";
    before(async () => {
      hostBefore = await listHost();
      machine = await startGuideMachine();
      if (part !== "first steps") await machine.host.run("sh", "-euc", installed);
    });
    after(() => machine.remove());

    for (const page of guideParts[part])
      test(`every command of ${page}.md does what the page says, as it stands`, async () => {
        const faults = await tryPage(machine.host, page);
        assert.ok(faults.length === 0, `\n${faults.join("\n\n")}`);
      });
    more(() => machine.host);

    test("nothing of it is left on this host", async () => {
      assert.equal(await listHost(), hostBefore);
    });
  });
}

/** What was not as the page says, of its blocks in order. */
async function tryPage(host: SystemdHost, page: string): Promise<readonly string[]> {
  const faults: string[] = [];
  const keys = keysOf(page);
  for (const [index, block] of executedOf(page).entries()) {
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
