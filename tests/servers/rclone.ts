import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterUs } from "./cleanup.ts";
import { freePort } from "./sshd.ts";

/** The installed rclone, serving a directory by WebDAV on loopback to everybody; gone when this process is. */
export async function startRcloneServer(directory: string): Promise<{ readonly port: number }> {
  const port = await freePort();
  const args = ["--config", "", "serve", "webdav", "--addr", `127.0.0.1:${port}`, "-v", directory];
  const child = spawn("rclone", args, { stdio: ["ignore", "ignore", "pipe"] });
  afterUs('kill -9 "$1"', [String(child.pid)], {});
  const said = child.stderr;
  await Promise.race([
    new Promise<void>((resolve) =>
      said.on("data", (text: Buffer) => {
        if (text.includes("started on")) resolve();
      }),
    ),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`rclone ended with ${code}`))),
  ]);
  child.unref();
  if ("unref" in said && typeof said.unref === "function") said.unref();
  return { port };
}
