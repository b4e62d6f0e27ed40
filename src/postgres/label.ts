/** What a connection of ours is for; the end of its application_name. */
export type Purpose = "login" | "query" | "lock" | "watch" | "copy" | "dump" | "globals" | "restore" | "end";

// The server keeps 63 bytes of an application_name; the longest purpose and the slash need 8.
const longestLabel = 48;

/** A label as it can stand in an application_name: plain ASCII, short enough never to be cut. */
function cleanLabel(label: string): string {
  return label.replace(/[^A-Za-z0-9_.:-]/g, "_").slice(0, longestLabel);
}

/** `LABEL/PURPOSE`. The slash keeps "run-1" from matching the connections of "run-12". */
export function applicationName(label: string, purpose: Purpose): string {
  return `${cleanLabel(label)}/${purpose}`;
}

/** What every application_name of this label starts with. */
export function labelPrefix(label: string): string {
  return `${cleanLabel(label)}/`;
}
