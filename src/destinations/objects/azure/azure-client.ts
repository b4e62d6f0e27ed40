import { readFile } from "node:fs/promises";
import type { ContainerClient, Pipeline } from "@azure/storage-blob";
import { Failure, messageOf } from "../../../domain/failure.ts";
import type { AzureSettings } from "./settings.ts";

/**
 * The container as the library speaks to it. Its own repetitions are off: each would wait by a clock of its own, and
 * ours know what may be asked twice.
 */
export async function openContainer(settings: AzureSettings): Promise<ContainerClient> {
  const { account, container, credentials, endpoint } = settings;
  const sdk = await import("@azure/storage-blob");
  const base = (endpoint ?? `https://${account}.blob.core.windows.net`).replace(/\/+$/, "");
  const options = { retryOptions: { maxTries: 1 }, ...(await transportOf(settings)) };
  if (credentials.kind === "sas") {
    const sas = credentials.sas.reveal().replace(/^\?/, "");
    const pipeline = sdk.newPipeline(new sdk.AnonymousCredential(), options);
    return new sdk.ContainerClient(`${base}/${container}?${sas}`, direct(pipeline, settings));
  }
  const key = new sdk.StorageSharedKeyCredential(account, credentials.key.reveal());
  return new sdk.ContainerClient(`${base}/${container}`, direct(sdk.newPipeline(key, options), settings));
}

/** Without a proxy in the config none is used: the library would take one from the environment. */
function direct(pipeline: Pipeline, { proxy }: AzureSettings): Pipeline {
  if (proxy !== null) return pipeline;
  pipeline.factories.push({
    create: (next) => ({
      sendRequest(request) {
        Reflect.set(request, "agent", undefined); // the library's type has no word for none
        return next.sendRequest(request);
      },
    }),
  });
  return pipeline;
}

async function transportOf({ caFile, proxy, name }: AzureSettings): Promise<object> {
  return {
    ...(caFile !== null && { tlsOptions: { ca: await readAuthority(caFile, name) } }),
    ...(proxy !== null && { proxyOptions: proxyOptions(proxy) }),
  };
}

async function readAuthority(path: string, destination: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new Failure("destination.denied", `Cannot read the authority "${path}": ${messageOf(error)}`, {
      hint: `Correct the caFile of the destination "${destination}".`,
      cause: error,
    });
  }
}

interface ProxyOptions {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
}

function proxyOptions(proxy: string): ProxyOptions {
  const { protocol, hostname, port, username, password } = new URL(proxy);
  return {
    host: `${protocol}//${hostname}`,
    port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
    ...(username !== "" && {
      username: decodeURIComponent(username),
      password: decodeURIComponent(password),
    }),
  };
}
