import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterUs, temporaryDirectory } from "./cleanup.ts";
import { runProgram } from "./run-program.ts";

/** Signs in with the password or with one of the two keys; exists for this server alone. */
export const farUser = { name: "codex-far", uid: 54_321, password: "far away" } as const;

/** A real OpenSSH server on loopback that offers SFTP to `farUser`, who has no privileges. */
export interface RunningSshd {
  readonly port: number;
  /** As ssh-keygen -l prints it. */
  readonly fingerprint: string;
  /** Texts of private keys: without a passphrase, and with `passphrase`. */
  readonly key: string;
  readonly lockedKey: string;
  readonly passphrase: string;
  readonly keyFile: string;
  /** A directory of the user's. */
  readonly home: string;
  /** A new, empty directory in it, of which the path is told. */
  folder(name: string): string;
  stop(): Promise<void>;
}

// In a mount namespace of its own, where the user is in passwd and shadow: nothing is left on the host.
const script = `
mkdir -p /run/sshd && mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/shadow" /etc/shadow
exec /usr/sbin/sshd -D -e -f "$1/config"`;

/** Starts it; it cannot outlive this process. Needs root. */
export async function startSshd(): Promise<RunningSshd> {
  const base = temporaryDirectory("sshd");
  chmodSync(base, 0o711);
  const home = join(base, "home");
  makeOwn(home);
  const passphrase = "open sesame";
  await makeKeys(base, passphrase);
  await writeUser(base, home);
  const port = await freePort();
  writeFileSync(join(base, "config"), configOf(base, port));
  const child = spawn(
    "unshare",
    ["-m", "--kill-child", "--fork", "--pid", "--mount-proc", "sh", "-c", script, "sshd", base],
    {
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  const end = () => void child.kill("SIGKILL");
  process.once("exit", end);
  afterUs('kill -KILL "$1"', [String(child.pid)], {}); // also when we are killed ourselves
  let said = "";
  const lines = createInterface(child.stderr);
  await new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => {
      said += `${line}\n`;
      if (line.startsWith("Server listening")) resolve();
    });
    child.once("exit", () => reject(new Error(`sshd did not start: ${said}`)));
  });
  child.unref();
  return {
    port,
    fingerprint: await fingerprintOf(join(base, "host")),
    key: readFileSync(join(base, "key"), "utf8"),
    lockedKey: readFileSync(join(base, "locked"), "utf8"),
    passphrase,
    keyFile: join(base, "key"),
    home,
    folder(name) {
      makeOwn(join(home, name));
      return join(home, name);
    },
    async stop() {
      process.off("exit", end);
      end();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

function makeOwn(path: string): void {
  mkdirSync(path, { mode: 0o700 });
  chownSync(path, farUser.uid, farUser.uid);
}

async function makeKeys(base: string, passphrase: string): Promise<void> {
  const make = (name: string, words: string) =>
    runProgram(["ssh-keygen", "-q", "-t", "ed25519", "-N", words, "-f", join(base, name)]);
  await Promise.all([make("host", ""), make("key", ""), make("locked", passphrase)]);
  const keys = ["key", "locked"].map((name) => readFileSync(join(base, `${name}.pub`), "utf8"));
  writeFileSync(join(base, "authorized"), keys.join(""), { mode: 0o644 });
}

async function writeUser(base: string, home: string): Promise<void> {
  const { name, uid, password } = farUser;
  const hash = (await runProgram(["openssl", "passwd", "-6", password])).trim();
  const passwd = readFileSync("/etc/passwd", "utf8");
  writeFileSync(join(base, "passwd"), `${passwd}${name}:x:${uid}:${uid}::${home}:/bin/sh\n`, { mode: 0o644 });
  writeFileSync(join(base, "shadow"), `${name}:${hash}:20000:0:99999:7:::\n`, { mode: 0o600 });
}

function configOf(base: string, port: number): string {
  return `Port ${port}
ListenAddress 127.0.0.1
HostKey ${base}/host
PidFile none
AuthorizedKeysFile ${base}/authorized
StrictModes no
UsePAM no
PasswordAuthentication yes
Subsystem sftp internal-sftp
`;
}

async function fingerprintOf(file: string): Promise<string> {
  const line = await runProgram(["ssh-keygen", "-lf", `${file}.pub`]);
  return line.split(" ")[1] ?? "";
}

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
