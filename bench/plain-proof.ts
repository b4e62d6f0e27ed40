import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Contender } from "./pairs.ts";

/**
 * What a person would type to try a dump by hand: an empty server as forgetful as ours (fsync off, minimal log, no
 * autovacuum), the roles, the restore, and a dump of what came of it, which nobody looks at.
 */
export function plainProof(
  name: string,
  files: { readonly globals: string; readonly restore: string },
): Contender {
  const home = mkdtempSync(join(tmpdir(), "plain-proof-"));
  const settings = [
    ...["listen_addresses=", `unix_socket_directories=${home}`, "fsync=off", "synchronous_commit=off"],
    ...["full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=1GB"],
    ...["checkpoint_timeout=1h", "autovacuum=off", "jit=off", "maintenance_work_mem=256MB"],
  ];
  const bin = "$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)";
  const become = process.getuid?.() === 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : "";
  const script = `set -e; bin=${bin}; d=${home}; mkdir -p $d/data; chown -R 65534 $d 2> /dev/null || true
    export PGHOST=$d PGPORT=5432 PGUSER=plain
    ${become} $bin/initdb -D $d/data -U plain -A trust -N -E UTF8 --locale=C > /dev/null
    ${become} $bin/pg_ctl -D $d/data -w -s -l $d/data/log -o "${settings.map((one) => `-c ${one}`).join(" ")}" start
    psql -q -X -d postgres -f ${files.globals} > /dev/null
    createdb --template=template0 codexdb
    ${files.restore}
    pg_dump codexdb > /dev/null
    ${become} $bin/pg_ctl -D $d/data -s -m immediate stop
    rm -rf $d`;
  return {
    name,
    argv: ["bash", "-c", script],
    reset: () => rmSync(join(home, "data"), { recursive: true, force: true }),
  };
}
