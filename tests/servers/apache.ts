import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Certificate, makeCertificate } from "./certificate.ts";
import { afterUs, temporaryDirectory } from "./cleanup.ts";
import { runProgram } from "./run-program.ts";
import { freePort } from "./sshd.ts";

export const davUser = { name: "codex", password: "über all" } as const;

/** A real Apache on loopback that serves one directory by WebDAV, to davUser alone. */
export interface RunningApache {
  /** Of the served directory: by http, and by https with `certificate`. */
  readonly url: string;
  readonly secureUrl: string;
  readonly certificate: Certificate;
  /** The served directory; it belongs to the server's user. */
  readonly directory: string;
  /** A new, empty folder in it, of which the name is told. */
  folder(name: string): string;
  stop(): Promise<void>;
}

const wwwData = 33;
const modules = [
  ...["mpm_event", "authn_core", "authn_file", "auth_basic", "authz_core", "authz_user"],
  ...["dav", "dav_fs", "ssl", "socache_shmcb", "alias"],
];

/** Starts it; it cannot outlive this process. Needs root. */
export async function startApache(): Promise<RunningApache> {
  const base = temporaryDirectory("apache");
  chmodSync(base, 0o711);
  const directory = join(base, "dav");
  for (const path of [directory, join(base, "locks")]) makeOwn(path);
  const certificate = await makeCertificate(base, "localhost");
  const hash = (await runProgram(["openssl", "passwd", "-apr1", davUser.password])).trim();
  writeFileSync(join(base, "users"), `${davUser.name}:${hash}\n`);
  const [port, securePort] = [await freePort(), await freePort()];
  writeFileSync(join(base, "httpd.conf"), configOf(base, { port, securePort, certificate }));
  const child = spawn("apache2", ["-D", "FOREGROUND", "-f", join(base, "httpd.conf")], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env.PATH },
  });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => {
    said += bytes;
  });
  const end = () => void child.kill("SIGTERM");
  process.once("exit", end);
  afterUs('kill -TERM "$1"', [String(child.pid)], {}); // also when we are killed ourselves
  child.unref();
  await untilAnswers(`http://127.0.0.1:${port}/`, () => (child.exitCode === null ? null : said));
  return {
    url: `http://127.0.0.1:${port}/dav/`,
    secureUrl: `https://localhost:${securePort}/dav/`,
    certificate,
    directory,
    folder(name) {
      makeOwn(join(directory, name));
      return name;
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
  chownSync(path, wwwData, wwwData);
}

async function untilAnswers(url: string, died: () => string | null): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const isUp = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    const why = died();
    if (why !== null) throw new Error(`apache2 did not start: ${why}`);
    await delay(50);
  }
  throw new Error("apache2 did not answer within 30 s");
}

interface Listening {
  readonly port: number;
  readonly securePort: number;
  readonly certificate: Certificate;
}

function configOf(base: string, { port, securePort, certificate }: Listening): string {
  const loads = modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`);
  return `${loads.join("\n")}
ServerRoot ${base}
ServerName localhost
PidFile ${base}/pid
ErrorLog ${base}/error.log
User www-data
Group www-data
Listen 127.0.0.1:${port}
Listen 127.0.0.1:${securePort}
DocumentRoot ${base}/dav
DavLockDB ${base}/locks/db
StartServers 1
ServerLimit 2
ThreadsPerChild 25
Alias /dav ${base}/dav
<Location /dav>
  Dav On
  AuthType Basic
  AuthName far
  AuthUserFile ${base}/users
  Require valid-user
</Location>
<VirtualHost 127.0.0.1:${securePort}>
  SSLEngine on
  SSLCertificateFile ${certificate.certFile}
  SSLCertificateKeyFile ${certificate.keyFile}
</VirtualHost>
`;
}
