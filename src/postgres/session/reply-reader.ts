import { decodeLoose } from "../loose-text.ts";

/** What the server refused: five characters of SQLSTATE, which are never translated, and the primary message. */
export interface Refusal {
  readonly sqlstate: string;
  readonly message: string;
}

export interface Reply {
  /** Lines of the result, one row each, as loose text. */
  readonly lines: readonly string[];
  readonly refusal: Refusal | null;
}

/**
 * What is sent to psql for one statement. The random token marks where its output ends: rows could hold any
 * other text.
 */
export function formatStatement(sql: string, token: string): string {
  return [
    sql,
    ";",
    `\\echo ${token} :ERROR :SQLSTATE`,
    "\\if :ERROR",
    "\\echo :LAST_ERROR_MESSAGE",
    "\\endif",
    `\\echo ${token} end`,
    "",
  ].join("\n");
}

/** Cuts psql's output into replies, in the order in which the statements were sent. */
export function createReplyReader(token: string): { push(chunk: Buffer): readonly Reply[] } {
  let rest = "";
  let lines: string[] = [];
  let status: { readonly isError: boolean; readonly sqlstate: string; readonly from: number } | null = null;

  function take(line: string): Reply | null {
    if (!line.startsWith(`${token} `)) {
      lines.push(line);
      return null;
    }
    const [, first = "", sqlstate = ""] = line.split(" ");
    if (first !== "end") {
      status = { isError: first === "true", sqlstate, from: lines.length };
      return null;
    }
    const reply = replyOf(lines, status);
    lines = [];
    status = null;
    return reply;
  }

  return {
    push(chunk) {
      // One letter for each byte, until a line is whole.
      const parts = (rest + chunk.toString("latin1")).split("\n");
      rest = parts.pop() ?? "";
      return parts.flatMap((line) => take(decodeLoose(Buffer.from(line, "latin1"))) ?? []);
    },
  };
}

function replyOf(
  lines: readonly string[],
  status: { readonly isError: boolean; readonly sqlstate: string; readonly from: number } | null,
): Reply {
  if (!status?.isError) return { lines, refusal: null };
  const message = lines.slice(status.from).join(" ");
  return { lines: lines.slice(0, status.from), refusal: { sqlstate: status.sqlstate, message } };
}
