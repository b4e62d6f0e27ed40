import { Failure, reportOf } from "../../../src/domain/failure.ts";
import { localDestination } from "./local-directory.ts";

// Prints what ready() says, for a test that starts this as another user.
const report = await localDestination(process.argv[2] ?? "")
  .ready()
  .catch((error: unknown) => (error instanceof Failure ? reportOf(error) : { code: String(error) }));
process.stdout.write(JSON.stringify(report));
