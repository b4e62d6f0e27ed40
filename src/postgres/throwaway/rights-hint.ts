import { Failure } from "../../domain/failure.ts";
import { withHint } from "../restore/drop-restored.ts";
import type { ServerContext } from "../server.ts";

const insufficientPrivilege = "42501";

/** What a restore proposes when a role may not, to leave owners out, is no way for a proof: it needs another role. */
export function withRightsHint(error: unknown, { facts, role }: ServerContext): unknown {
  if (!(error instanceof Failure) || facts.isSuperuser) return error;
  if (error.context.sqlstate !== insufficientPrivilege) return error;
  return withHint(error, `Give prove.server a role that is a superuser there: "${role}" is none.`);
}
