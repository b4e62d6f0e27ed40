import { Failure } from "../domain/failure.ts";
import { localSource, type PostgresSource } from "../domain/jobs/source.ts";
import { Secret } from "../domain/secret.ts";
import { parseConnectionUrl } from "./connection-url.ts";

/**
 * A server that no job names, by its URL. The password comes from PGPASSWORD: in the URL everybody on this host could read it.
 * Throws "usage.invalid-value".
 */
export function serverOfUrl(url: string, env: Readonly<Record<string, string | undefined>>): PostgresSource {
  const parsed = parseConnectionUrl(url);
  if ("problem" in parsed) throw refused(parsed.problem);
  const { host, port, user, parameters } = parsed;
  if (parsed.password !== null)
    throw refused("it holds a password, which every user of this host could read");
  const password = env.PGPASSWORD ? new Secret(env.PGPASSWORD) : null;
  return { ...localSource, host, port, user, password, parameters };
}

function refused(seen: string): Failure {
  return new Failure("usage.invalid-value", `Cannot use the URL of the server: ${seen}`, {
    hint: "Write it as postgres://user@host:port, and put the password into PGPASSWORD.",
  });
}
