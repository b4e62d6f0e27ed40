import type { Catalog } from "../catalog.ts";
import type { Connection } from "../connection.ts";
import { readTexts } from "./runs.ts";

const put = "UPDATE runs SET untold = $lines WHERE run_id = $runId";

const select = "SELECT untold FROM runs WHERE run_id = $runId";

export function untoldStatements(connection: Connection): Pick<Catalog, "putUntold" | "untold"> {
  return {
    putUntold: (runId, lines) => connection.change(put, { runId, lines: JSON.stringify(lines) }),
    untold: (runId) => connection.first(select, { runId }, (row) => row.json("untold", readTexts)) ?? [],
  };
}
