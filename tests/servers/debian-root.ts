import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram } from "./run-program.ts";

/** Another content gets another number, so that no test meets an older root. */
const version = 2;

// Built beside its final name and renamed: a root of that name is whole. Whoever comes while another builds waits
// for the lock. libatomic1 is what the npm package "node" wants of a minimal Debian.
const script = `
set -eu
exec 9>"$1.lock"; flock 9
[ ! -e "$1" ] || exit 0
rm -rf "$1.building"
debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,cron,adduser,ca-certificates,libatomic1 \
  bookworm "$1.building" >&2
DEBIAN_FRONTEND=noninteractive chroot "$1.building" \
  apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=60 \
  postgresql-15 rsyslog logrotate curl unzip zstd python3 >&2
chroot "$1.building" apt-get clean
mv "$1.building" "$1"`;

/**
 * The path of a small Debian 12 with systemd, cron, rsyslog, Python and PostgreSQL 15 (cluster 15/main), for
 * containers and chroots. Made once on a machine, which takes about a minute, and kept under the temporary
 * directory: use it read-only, as "--rootfs PATH:O" or a copy. Needs root.
 */
export async function debianRoot(): Promise<string> {
  const path = join(tmpdir(), `codex-test-debian-root-${version}`);
  if (!existsSync(path)) await runProgram(["bash", "-c", script, "debian-root", path]);
  return path;
}
