import { once } from "node:events";
import { localDestination } from "./local-directory.ts";

// Writes until it is killed; says so when the first megabytes have been handed over.
const staged = await localDestination(process.argv[2] ?? "").stage("endless.sql", "killed-run");
for (let written = 0; ; written++) {
  if (!staged.sink.write(Buffer.alloc(1024 * 1024, written))) await once(staged.sink, "drain");
  if (written === 8) process.stdout.write("writing\n");
}
