import { z } from "zod";
import { byteLength } from "../../domain/name-part.ts";
import { duration, plainText } from "./scalar.ts";
import { secret } from "./secret.ts";

export type PostgresSettings = z.output<typeof postgres>;

/** Names that cannot be taken for an option of docker, kubectl or ssh. */
const safeName = /^[A-Za-z0-9][\w.@/:[\]%-]*$/;

function safeText(allowed: string) {
  return z.string({ error: () => allowed }).regex(safeName, { error: () => allowed });
}

const containerName = safeText("a container's name");

const container = z.union([
  containerName,
  z
    .strictObject({
      engine: z
        .enum(["docker", "podman", "nerdctl", "kubectl"])
        .default("docker")
        .describe("The program that reaches it"),
      name: containerName
        .optional()
        .describe("Its name; for kubectl pod, namespace/pod or namespace/pod/container"),
      compose: z
        .strictObject({
          project: containerName.describe("The compose project"),
          service: containerName.describe("The service in it"),
        })
        .optional()
        .describe("Found by its compose labels at each run, so that it may be re-created under another name"),
    })
    .superRefine((chosen, context) => {
      const isOne = (chosen.name === undefined) !== (chosen.compose === undefined);
      if (!isOne) context.addIssue({ code: "custom", message: "exactly one of name, compose" });
      if (chosen.engine === "kubectl" && chosen.compose) {
        context.addIssue({
          code: "custom",
          path: ["compose"],
          message: "a name, because kubectl knows no compose projects",
        });
      }
    }),
]);

const sshHost = safeText("a host, or user@host");

const ssh = z.union([
  sshHost,
  z.strictObject({
    host: sshHost.describe("host or user@host, as ssh takes it"),
    args: z.array(plainText).default([]).describe('Further arguments of ssh, such as ["-p", "2222"]'),
  }),
]);

const databaseName = z
  .string({ error: () => 'a database\'s name in quotes, a list of names, or "*"' })
  .refine((name) => name !== "" && byteLength(name) <= 63 && !name.includes("\0"), {
    error: () => "a name of 1 to 63 bytes",
  });

const setting = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** What libpq knows and neither the connection keys above nor our own session settings say. */
const parameterNames = [
  "connect_timeout",
  "keepalives",
  "keepalives_idle",
  "keepalives_interval",
  "keepalives_count",
  "tcp_user_timeout",
  "hostaddr",
  "sslcrl",
  "sslcrldir",
  "sslsni",
  "sslcertmode",
  "sslnegotiation",
  "ssl_min_protocol_version",
  "ssl_max_protocol_version",
  "channel_binding",
  "require_auth",
  "requirepeer",
  "gssencmode",
  "krbsrvname",
  "gsslib",
  "gssdelegation",
  "target_session_attrs",
  "load_balance_hosts",
] as const;

export const sslKeys = ["sslmode", "sslrootcert", "sslcert", "sslkey"] as const;

/** Every libpq keyword that a config, or a connection URL in it, may set besides host, port, user, password, database. */
export const libpqKeywords: readonly string[] = [...sslKeys, ...parameterNames];

const parameters = z.strictObject(
  Object.fromEntries(parameterNames.map((name) => [name, setting.optional()])),
);

export const postgres = z.strictObject({
  url: plainText
    .optional()
    .describe(
      "postgres://user@host:port/database?sslmode=… instead of the single keys; a password in it needs a private config file",
    ),
  container: container
    .optional()
    .describe("Run the client programs inside this container, so that versions always match"),
  ssh: ssh.optional().describe("Run the client programs on this host, reached with ssh and its own keys"),
  host: plainText.optional().describe("Host name or address, as seen from where the client runs"),
  port: z
    .int({ error: () => "a port from 1 to 65535" })
    .min(1, { error: () => "a port from 1 to 65535" })
    .max(65535, { error: () => "a port from 1 to 65535" })
    .optional()
    .describe("Port; default: the client's own, 5432"),
  socket: plainText.optional().describe("Directory of the server's Unix socket, instead of host"),
  user: plainText.optional().describe("Role to log in as; default: the client's own"),
  password: secret
    .optional()
    .describe("The role's password: { env: NAME }, { file: PATH } or { command: [PROGRAM, …] }"),
  passwordFile: plainText.optional().describe("Short for password: { file: PATH }"),
  database: z
    .union([databaseName, z.array(databaseName).min(1, { error: () => "at least one name" })])
    .optional()
    .describe('A name, a list of names, or "*" for every database that exists at the time of the run'),
  except: z.array(databaseName).optional().describe('With database: "*": databases to leave out'),
  sslmode: z
    .enum(["disable", "allow", "prefer", "require", "verify-ca", "verify-full"])
    .optional()
    .describe("As libpq's sslmode"),
  sslrootcert: plainText.optional().describe("As libpq's sslrootcert"),
  sslcert: plainText.optional().describe("As libpq's sslcert"),
  sslkey: plainText.optional().describe("As libpq's sslkey"),
  parameters: parameters.optional().describe("Further libpq settings by keyword, such as connect_timeout"),
  clientDirectory: plainText
    .optional()
    .describe("Directory of psql and pg_dump; default: chosen by the server's version, then from the PATH"),
  lockWait: duration.prefault("5m").describe("How long a dump may wait for its locks at the start"),
  onBlockedDdl: z
    .enum(["wait", "abort"])
    .default("wait")
    .describe("When somebody's DDL queues behind our snapshot: go on and report it, or give the run up"),
});
