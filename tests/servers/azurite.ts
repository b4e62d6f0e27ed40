import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { afterUs, temporaryDirectory } from "./cleanup.ts";
import { freePort } from "./sshd.ts";

/** A real server of Azure's Blob protocol on loopback, that checks signatures; gone when this process is. */
export interface Azurite {
  readonly port: number;
  readonly account: string;
  readonly key: string;
  /** With the account in its path, as azurite wants it. */
  readonly endpoint: string;
}

const account = "codexaccount";
const key = Buffer.from("a key that only this test server knows").toString("base64");

export async function startAzurite(): Promise<Azurite> {
  const port = await freePort();
  const directory = temporaryDirectory("azurite");
  const program = join(import.meta.dirname, "../../node_modules/azurite/dist/src/blob/main.js");
  const options = ["--location", directory, "--blobHost", "127.0.0.1", "--blobPort", String(port)];
  const child = spawn(process.execPath, [program, ...options, "--skipApiVersionCheck", "--silent"], {
    cwd: directory,
    env: { AZURITE_ACCOUNTS: `${account}:${key}`, HOME: directory, PATH: dirname(process.execPath) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  afterUs('kill -9 "$1"', [String(child.pid)], {});
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (text: Buffer) => {
      if (text.includes("successfully listen")) resolve();
    });
    child.once("exit", (code) => reject(new Error(`azurite ended with ${code}`)));
  });
  child.unref();
  if ("unref" in child.stdout && typeof child.stdout.unref === "function") child.stdout.unref();
  return { port, account, key, endpoint: `http://127.0.0.1:${port}/${account}` };
}
