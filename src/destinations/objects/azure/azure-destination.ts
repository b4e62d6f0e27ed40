import type { Destination } from "../../destination.ts";
import type { RemoteDeps } from "../../remote-deps.ts";
import { createObjectDestination } from "../object-destination.ts";
import { createAzureStore } from "./azure-store.ts";
import type { AzureSettings } from "./settings.ts";

/** A container of Azure Blob Storage, or of what speaks its protocol. The library is loaded by the first call. */
export function createAzureDestination(settings: AzureSettings, deps: RemoteDeps): Destination {
  const { name, account, container, prefix, traits, partBytes, concurrency } = settings;
  const folder = prefix === "" ? "" : `/${prefix}`;
  const location = `azure://${account}/${container}${folder}`;
  return createObjectDestination(
    { name, location, traits, partBytes, concurrency },
    createAzureStore(settings, { ...deps, location }),
    deps,
  );
}
