import { after, before } from "node:test";
import { type RunningSshd, startSshd } from "../servers/sshd.ts";
import { describeSftp } from "./folders/sftp.ts";

let sshd: RunningSshd | null = null;

before(async () => {
  sshd = await startSshd();
});
after(async () => sshd?.stop());

describeSftp(() => started(sshd));

function started<T>(server: T | null): T {
  if (server === null) throw new Error("the server did not start");
  return server;
}
