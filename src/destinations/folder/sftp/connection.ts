import type { Client, ConnectConfig } from "ssh2";
import { Failure, messageOf } from "../../../domain/failure.ts";
import type { RemoteDeps } from "../../remote-deps.ts";
import { type HostKey, hostKeyFailure, isPinned, readHostKey } from "./host-key.ts";
import { createSession, type SftpSession, unreachable } from "./session.ts";
import { locationOf, type SftpSettings } from "./settings.ts";

const answerWithinMs = 20_000;
/** A connection whose other end is gone without a word ends after three of these. */
const keepAliveMs = 10_000;

export interface SftpConnection {
  /** The one that is open, or a new one. Throws "destination.unreachable", "…denied", "…host-key". */
  session(): Promise<SftpSession>;
  close(): Promise<void>;
}

/** One connection for everything, opened when it is first needed and again after it broke. */
export function createConnection(settings: SftpSettings, deps: RemoteDeps): SftpConnection {
  let opening: Promise<Opened> | null = null;
  async function session(): Promise<SftpSession> {
    const current = opening;
    const opened = await current?.catch(() => null);
    if (opened && !opened.session.isLost()) return opened.session;
    if (opening === current) opening = open(settings, deps);
    return (await (opening ?? open(settings, deps))).session;
  }
  return {
    session,
    async close() {
      const current = await opening?.catch(() => null);
      opening = null;
      current?.session.lose(unreachable(locationOf(settings), "the connection was closed on our side"));
      current?.client.end();
      current?.client.destroy();
    },
  };
}

interface Opened {
  readonly client: Client;
  readonly session: SftpSession;
}

async function open(settings: SftpSettings, deps: RemoteDeps): Promise<Opened> {
  // Loaded only where there is such a destination. Bundled, a CommonJS package has its default export alone.
  const { default: ssh2 } = await import("ssh2");
  const client = new ssh2.Client();
  let seen: HostKey | null = null;
  const hostVerifier = (wire: Buffer) => {
    seen = readHostKey(wire);
    return isPinned(seen, settings.hostKeys);
  };
  try {
    return await new Promise<Opened>((resolve, reject) => {
      client.on("error", reject);
      client.on("close", () => reject(new Error("the server closed the connection")));
      client.on("ready", () => startSession(client, { settings, deps }).then(resolve, reject));
      answerPrompts(client, settings);
      client.connect({ ...configOf(settings), hostVerifier });
    });
  } catch (error) {
    client.destroy();
    throw seen !== null && !isPinned(seen, settings.hostKeys)
      ? hostKeyFailure(settings, seen)
      : translateConnectError(error, settings);
  }
}

function configOf(settings: SftpSettings): ConnectConfig {
  const { host, port, user, password, privateKey, passphrase } = settings;
  return {
    host,
    port,
    username: user,
    readyTimeout: answerWithinMs,
    keepaliveInterval: keepAliveMs,
    keepaliveCountMax: 3,
    tryKeyboard: password !== null,
    ...(password && { password: password.reveal() }),
    ...(privateKey && { privateKey: privateKey.reveal() }),
    ...(passphrase && { passphrase: passphrase.reveal() }),
  };
}

/** Some servers ask for the password as a prompt. Anything else that they ask has no answer here. */
function answerPrompts(client: Client, { password }: SftpSettings): void {
  client.on("keyboard-interactive", (...asked) => {
    const [, , , prompts, finish] = asked;
    finish(prompts.length === 1 && password !== null ? [password.reveal()] : []);
  });
}

interface Starting {
  readonly settings: SftpSettings;
  readonly deps: RemoteDeps;
}

function startSession(client: Client, { settings, deps }: Starting): Promise<Opened> {
  const location = locationOf(settings);
  return new Promise((resolve, reject) => {
    client.sftp((error, sftp) => {
      if (error) return reject(noSftp(location, error));
      const session = createSession({ sftp, clock: deps.clock, location, hangUp: () => client.destroy() });
      client.on("error", (cause) => session.lose(unreachable(location, messageOf(cause), cause)));
      client.on("close", () => session.lose(unreachable(location, "the server closed the connection")));
      sftp.on("error", (cause: unknown) => session.lose(unreachable(location, messageOf(cause), cause)));
      sftp.on("close", () => session.lose(unreachable(location, "the server ended the SFTP session")));
      resolve({ client, session });
    });
  });
}

function noSftp(location: string, cause: Error): Failure {
  return new Failure("destination.denied", `Cannot use "${location}": it starts no SFTP (${cause.message})`, {
    hint: "See Subsystem sftp, ForceCommand and ChrootDirectory in the server's sshd_config.",
    cause,
  });
}

/** What the library throws before there is a session. */
function translateConnectError(thrown: unknown, settings: SftpSettings): Failure {
  if (thrown instanceof Failure) return thrown;
  const location = locationOf(settings);
  const said = messageOf(thrown);
  const level = thrown instanceof Error && "level" in thrown ? thrown.level : null;
  if (level === "client-authentication") return authFailure(settings, thrown);
  if (/privateKey|passphrase|key format/i.test(said)) {
    return new Failure("destination.denied", `Cannot use the private key for "${location}": ${said}`, {
      hint: "Give the whole file of the key, and its passphrase when it has one; try: ssh-keygen -yf KEYFILE.",
      cause: thrown,
    });
  }
  return unreachable(location, said, thrown);
}

function authFailure(settings: SftpSettings, cause: unknown): Failure {
  const offered = [settings.privateKey && "the key", settings.password && "the password"].filter(Boolean);
  const what =
    offered.length === 0 ? "no key and no password were given" : `${offered.join(" and ")} refused`;
  return new Failure(
    "destination.denied",
    `Cannot sign in at "${locationOf(settings)}" as "${settings.user}": ${what}`,
    {
      hint: `Try it by hand: sftp -P ${settings.port} ${settings.user}@${settings.host}; the server's log says why.`,
      cause,
    },
  );
}
