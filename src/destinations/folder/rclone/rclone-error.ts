import { Failure } from "../../../domain/failure.ts";
import type { FailureCode } from "../../../domain/failure-table.ts";
import { type ChildEnd, describeEnd } from "../../../platform/child.ts";

/** What was being done, for messages: `read "a.sql" of b2:bucket`. */
export type Doing = string;

interface Meaning {
  readonly code: FailureCode;
  readonly pattern: RegExp;
  readonly hint: string;
}

const notThere =
  /directory not found|object not found|file not found|is a directory or doesn't exist|source doesn't exist|no such file or directory/i;

/** In this order: a refusal is often wrapped in words about the connection. */
const meanings: readonly Meaning[] = [
  {
    code: "destination.missing",
    pattern: /didn't find section in config|didn't find backend|unable to decrypt|config file .* not found/i,
    hint: "Compare the remote's name with: rclone listremotes, as the user that runs this.",
  },
  {
    code: "destination.host-key",
    pattern: /knownhosts|host key/i,
    hint: "Compare the server's key with the one in the remote's known_hosts_file; do not go on before you know why it changed.",
  },
  {
    code: "destination.full",
    pattern: /no space left|quota|insufficient storage|storage full|disk full|not enough space/i,
    hint: "Free space there, or prune.",
  },
  {
    code: "destination.denied",
    pattern:
      /permission denied|access ?denied|forbidden|unauthori[sz]ed|\b40[13]\b|invalid_grant|token (has )?expired|signature|unable to authenticate|retention|locked|immutable object|read-only file system/i,
    hint: "Try it by hand as the same user: rclone lsd; then renew the remote with: rclone config reconnect, or rclone config.",
  },
  {
    code: "destination.unreachable",
    pattern:
      /dial tcp|connection (refused|reset)|broken pipe|time(d )?-?out|deadline exceeded|no such host|network is|\bEOF\b|\btls\b|handshake|slow ?down|too many requests|temporar|try again|server error|bad gateway|unavailable|http status 5|\b(429|50[0-4])\b|connection lost|closed (network )?connection|malformed http|ssh: /i,
    hint: "Look whether the storage answers, then run it again.",
  },
];

/** Exit status 5 of rclone: "Temporary error (one that more retries might fix)". */
const temporaryStatus = 5;

/** rclone says that the file or the folder is not there. */
export function isNotThere({ stderr }: ChildEnd): boolean {
  return notThere.test(lastWordsOf(stderr));
}

/** Why rclone failed, in the words of this room. */
export function failureOf(doing: Doing, end: ChildEnd): Failure {
  const words = lastWordsOf(end.stderr);
  const isTemporary = end.kind === "exited" && end.code === temporaryStatus;
  const known = meanings.find(({ pattern }) => pattern.test(words));
  const code = known?.code ?? (isTemporary ? "destination.unreachable" : "destination.io");
  const seen = words === "" ? describeEnd(end) : words;
  return new Failure(code, `Cannot ${doing}: rclone says "${seen}"`, {
    hint: known?.hint ?? "Try the same by hand with rclone, as the user that runs this.",
    context: { end: describeEnd(end) },
  });
}

/** The last line that tells of a failure, without the time in front; rclone repeats itself before it. */
function lastWordsOf(stderr: string): string {
  const lines = stderr
    .split("\n")
    .map((line) => line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, "").trim())
    .filter((line) => line !== "" && !line.startsWith("NOTICE"));
  const telling = lines.findLast((line) => /failed|error|fatal/i.test(line));
  return (telling ?? lines.at(-1) ?? "").slice(0, 400);
}
