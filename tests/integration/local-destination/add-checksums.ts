import { localDestination } from "./local-directory.ts";

// Adds so many entries one by one: DIRECTORY PREFIX COUNT.
const [path = "", prefix = "", count = "0"] = process.argv.slice(2);
const { checksums } = localDestination(path);
for (let index = 0; index < Number(count); index++) {
  await checksums?.add([{ path: `${prefix}${index}`, sha256: "1".repeat(64) }]);
}
