import { readFile } from "node:fs/promises";
import { getCACertificates } from "node:tls";
import { errnoOf, Failure } from "../domain/failure.ts";

/**
 * Who may vouch for the other side of a TLS connection, in PEM: the caFile of a channel, else those of Node and of
 * this system. Throws "alerts.refused" for a file that cannot be read.
 */
export async function readAuthorities(caFile: string | null, channel: string): Promise<string[]> {
  // Node's own list knows no authority that the operator has added to the system.
  if (caFile === null) return [...getCACertificates("default"), ...getCACertificates("system")];
  try {
    return [await readFile(caFile, "utf8")];
  } catch (error) {
    const seen = `"${caFile}": ${errnoOf(error) ?? "unreadable"}`;
    throw new Failure("alerts.refused", `Cannot read the caFile of "${channel}": ${seen}`, {
      hint: "Correct its path or its permissions.",
      cause: error,
    });
  }
}
