/** What an address for messages must be, for the end of a problem's text. */
export const webAddressAllowed = "https://…, or http:// to this host";

/**
 * Why messages are not sent to this address, without repeating it (it may be a secret); null when they are.
 * Plain http shows the message and its secrets to everybody on the way.
 */
export function findWebAddressProblem(text: string): string | null {
  const url = URL.parse(text);
  if (url === null) return "no address of the web";
  if (url.protocol === "https:") return null;
  if (url.protocol !== "http:") return "no https address";
  return isLoopbackHost(url.hostname) ? null : "plain http to another host";
}

/** True for names and addresses that never leave this host. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  return name === "localhost" || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}
