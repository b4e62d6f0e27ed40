import type { DumpSurvey } from "../../domain/restores/table-choice.ts";
import type { ServerContext } from "../server.ts";
import { chooseEntries } from "../tap/cut-choice.ts";
import { entryRole } from "../tap/cut-entry.ts";
import { CutSurvey } from "../tap/cut-survey.ts";
import { createDumpLexer } from "../tap/dump-lexer.ts";
import { checkStream } from "./checked-stream.ts";
import { dumpText } from "./dump-text.ts";
import type { SurveyRequest } from "./restorer.ts";

/** See PostgresRestorer.survey. The hash of this reading is checked too: what is restored is decided by it. */
export async function surveyDump(context: ServerContext, request: SurveyRequest): Promise<DumpSurvey> {
  const source = await request.openDump();
  const { database, expected, onProgress = () => {} } = request;
  const checked = checkStream(source, { database, expected, onProgress });
  const lexer = createDumpLexer();
  const survey = new CutSurvey(lexer.session);
  try {
    for await (const chunk of await dumpText(context.access, request, checked)) {
      request.signal.throwIfAborted();
      for (const event of lexer.push(chunk)) survey.add(event);
    }
  } finally {
    source.destroy();
  }
  for (const event of lexer.end().events) survey.add(event);
  checked.demandWhole();
  const entries = survey.finish();
  const relations = entries.filter((entry) => entryRole(entry) === "relation");
  return {
    relations: relations.flatMap(({ references: [reference] }) => {
      const [schema, name] = reference?.key.split("\0") ?? [];
      return schema === undefined || name === undefined ? [] : [{ schema, name }];
    }),
    schemas: [...new Set(entries.map(({ schema }) => schema))].filter((schema) => schema !== "").toSorted(),
    cut: (choice) => chooseEntries(entries, choice),
  };
}
