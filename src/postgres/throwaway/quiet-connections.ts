import { majorOf } from "../client/version.ts";
import type { ServerContext } from "../server.ts";

/**
 * The same server, with connections that load no library and run no event trigger, whatever the restored database was
 * told to do at each login: its libraries may not be here, and what it does there is not ours to do.
 */
export function withQuietConnections(context: ServerContext): ServerContext {
  const { access, facts } = context;
  const options = [access.source.parameters.options, quietOptions(facts)].filter(Boolean).join(" ");
  const parameters = { ...access.source.parameters, ...(options === "" ? {} : { options }) };
  return { ...context, access: { ...access, source: { ...access.source, parameters } } };
}

/** Only a superuser may set these; login event triggers came with 17. */
export function quietOptions(server: { readonly versionNum: number; readonly isSuperuser: boolean }): string {
  if (!server.isSuperuser) return "";
  const libraries = "-c session_preload_libraries= -c local_preload_libraries=";
  return majorOf(server.versionNum) >= 17 ? `${libraries} -c event_triggers=off` : libraries;
}
