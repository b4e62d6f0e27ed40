import { after, before } from "node:test";
import { type RunningApache, startApache } from "../servers/apache.ts";
import { type RunningSshd, startSshd } from "../servers/sshd.ts";
import { describeSftp } from "./folders/sftp.ts";
import { describeWebdav } from "./folders/webdav.ts";

let sshd: RunningSshd | null = null;
let apache: RunningApache | null = null;

before(async () => {
  [sshd, apache] = await Promise.all([startSshd(), startApache()]);
});
after(async () => {
  await Promise.all([sshd?.stop(), apache?.stop()]);
});

describeSftp(() => started(sshd));
describeWebdav(() => started(apache));

function started<T>(server: T | null): T {
  if (server === null) throw new Error("the server did not start");
  return server;
}
