import { resolve } from "node:path";
import type { PingSettings } from "../domain/alerts/alert-settings.ts";
import { Secret } from "../domain/secret.ts";
import { checkUrl } from "./build-channel.ts";
import { openOptional, type SecretContext } from "./secret-key.ts";
import type { Settings } from "./settings.ts";

const variable = "{job}";

/** The address of each job's check; null where nothing is pinged. Problems are reported. */
export async function buildPings(settings: Settings, context: SecretContext): Promise<PingSettings | null> {
  const { url, urlFile, caFile } = settings.pings ?? {};
  const template = await openOptional({ path: ["pings"], key: "url", value: url, file: urlFile }, context);
  const place = ["pings", url === undefined ? "urlFile" : "url"];
  const jobs = [...settings.jobs].map(([name, { value }]) => ({ name, ping: value.ping }));
  const sharing = jobs.filter(({ ping }) => ping === undefined).map(({ name }) => name);
  if (template !== null) {
    checkUrl(new Secret(fill(template, "job")), place, context);
    checkShared(template, sharing, { ...context, place });
  }
  const urls = new Map<string, Secret>();
  for (const { name, ping } of jobs) {
    if (ping === "none") continue;
    const own = ping === undefined ? fromTemplate(template, name) : await openOwn(ping, name, context);
    if (own === null) continue;
    context.opener.note(own);
    urls.set(name, own);
  }
  if (template === null && urls.size === 0) return null;
  return { urls, template, caFile: caFile === undefined ? null : resolve(context.directory, caFile) };
}

type Ping = Exclude<Parameters<SecretContext["opener"]["open"]>[0]["setting"], "none">;

async function openOwn(setting: Ping, job: string, context: SecretContext): Promise<Secret> {
  const path = ["jobs", job, "ping"];
  const secret = await context.opener.open({ setting, path });
  checkUrl(secret, path, context);
  return secret;
}

function fromTemplate(template: Secret | null, job: string): Secret | null {
  return template && new Secret(fill(template, job));
}

function fill(template: Secret, job: string): string {
  return template.reveal().replaceAll(variable, encodeURIComponent(job));
}

/** One check for several jobs would be kept alive by those that work. */
function checkShared(
  template: Secret,
  jobs: readonly string[],
  { report, place }: SecretContext & { readonly place: readonly string[] },
): void {
  const text = template.reveal();
  if (text === "" || text.includes(variable) || jobs.length < 2) return;
  const message = `${place.join(".")} has no ${variable}, so that ${jobs.length} jobs would share one check; allowed: an address with ${variable}, or a ping for each job`;
  report({ path: place, at: "value", message });
}
