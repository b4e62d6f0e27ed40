import { isLoopbackHost } from "../domain/web-address.ts";
import { describePath, type Path, type Problem } from "./problem.ts";

export interface WrittenAddress {
  readonly path: Path;
  readonly text: string;
  readonly isInsecure: boolean;
  /** The keys that a name and password belong into: "user and passwordFile". */
  readonly instead: string;
}

/** Reports an address that is none, shows a password, or would show the backups. Never repeats it: it may be a secret. */
export function checkAddress(address: WrittenAddress, report: (problem: Problem) => void): void {
  const fault = faultOf(address);
  if (fault === null) return;
  report({ path: address.path, at: "value", message: `${describePath(address.path)} ${fault}` });
}

function faultOf({ text, isInsecure, instead }: WrittenAddress): string | null {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return "is no address of the web; allowed: https://…";
  if (url.username !== "" || url.password !== "")
    return `has a name or password in it; allowed: an address without them, and ${instead}`;
  if (url.search !== "" || url.hash !== "")
    return `has a question mark or a # in it; allowed: an address without, and ${instead}`;
  if (url.protocol === "https:" || isInsecure || isLoopbackHost(url.hostname)) return null;
  return "is plain http to another host, where everybody on the way reads what is kept; allowed: https://…, or insecure: true beside it";
}

/** Reports a proxy that cannot be used: its password would stand in the environment and in logs. */
export function checkProxy(path: Path, text: string, report: (problem: Problem) => void): void {
  const url = URL.parse(text);
  const isPlain =
    url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  if (isPlain) return;
  const found = url?.password ? "has a password in it" : "is no proxy's address";
  const message = `${describePath(path)} ${found}; allowed: http://HOST:PORT of a proxy that asks for no password`;
  report({ path, at: "value", message });
}
