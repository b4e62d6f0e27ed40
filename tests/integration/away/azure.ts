import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, describe, test } from "node:test";
import type { ContainerClient } from "@azure/storage-blob";
import type { Destination } from "../../../src/destinations/destination.ts";
import { openContainer } from "../../../src/destinations/objects/azure/azure-client.ts";
import { createAzureDestination } from "../../../src/destinations/objects/azure/azure-destination.ts";
import { listBlobs } from "../../../src/destinations/objects/azure/azure-list.ts";
import type { AzureSettings } from "../../../src/destinations/objects/azure/settings.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { describeDestinationContract } from "../../contract/destination-contract.ts";
import { contentOf, hasCode, namesOf, runId, stageBytes } from "../../contract/destination-steps.ts";
import { describeWireFaults, impatientClock } from "../../contract/wire-faults.ts";
import { type Azurite, startAzurite } from "../../servers/azurite.ts";
import { farTraits, remoteDeps } from "../folders/remote-deps.ts";

const deps = remoteDeps();
const mebibyte = 1024 * 1024;
let server: Azurite;
let folders = 0;

before(async () => {
  server = await startAzurite();
  await (await openContainer(settings())).create();
});

function settings(changes: Partial<AzureSettings> = {}): AzureSettings {
  return {
    name: "azure",
    account: server.account,
    container: "backups",
    prefix: "",
    credentials: { kind: "key", key: new Secret(server.key) },
    endpoint: server.endpoint,
    accessTier: null,
    partBytes: mebibyte,
    concurrency: 3,
    caFile: null,
    proxy: null,
    traits: farTraits("azure"),
    ...changes,
  };
}

function fresh(changes: Partial<AzureSettings> = {}): Destination {
  folders += 1;
  return createAzureDestination(settings({ prefix: `f/${folders}`, ...changes }), deps);
}

describeDestinationContract("a container of Azure Blob", async () => {
  folders += 1;
  const open = () => createAzureDestination(settings({ prefix: `f/${folders}` }), deps);
  return {
    destination: open(),
    canRename: false,
    listsUnfinished: false,
    reopen: open,
    close: async () => undefined,
  };
});

describe("a container of Azure Blob", () => {
  test("lists all pages of its own folder, and nothing of the folders below and beside", async () => {
    const container = await openContainer(settings());
    const names = Array.from({ length: 23 }, (_, index) => `n${String(index).padStart(2, "0")}`);
    for (const name of [...names, "sub/x"]) await container.getBlockBlobClient(`many/${name}`).upload("x", 1);
    await container.getBlockBlobClient("many-more/y").upload("y", 1);
    const byFive: Pick<ContainerClient, "listBlobsByHierarchy"> = {
      listBlobsByHierarchy(delimiter, options) {
        const all = container.listBlobsByHierarchy(delimiter, options);
        return { ...all, byPage: (from) => all.byPage({ ...from, maxPageSize: 5 }) };
      },
    };
    const request = <T>(_doing: string, _size: number, work: (signal: AbortSignal) => Promise<T>) =>
      work(new AbortController().signal);
    const listed = await listBlobs({ request }, byFive, "many/");
    assert.deepEqual(
      listed.map(({ key }) => key),
      names,
    );
    assert.deepEqual(await namesOf(fresh({ prefix: "many" })), names);
  });

  test("keeps two uploads of one name apart: the first to finish has it, whole", async () => {
    const destination = fresh();
    const [one, two] = [randomBytes(3 * mebibyte), randomBytes(3 * mebibyte)];
    const first = await destination.stage("a.sql", "run1");
    const second = await destination.stage("a.sql", "run2");
    second.sink.on("error", () => undefined);
    for (const at of [0, 1, 2]) {
      const part = (bytes: Buffer) => bytes.subarray(at * mebibyte, (at + 1) * mebibyte);
      await new Promise((resolve) => first.sink.write(part(one), resolve));
      await new Promise((resolve) => second.sink.write(part(two), resolve));
    }
    await new Promise<void>((resolve, reject) =>
      first.sink.end((e?: Error | null) => (e ? reject(e) : resolve())),
    );
    await assert.rejects(
      new Promise<void>((resolve, reject) =>
        second.sink.end((e?: Error | null) => (e ? reject(e) : resolve())),
      ),
      hasCode("destination.exists"),
    );
    await second.discard();
    assert.deepEqual(await contentOf(await first.readBack()), one);
  });

  test("tells what lies under a folder's name with its mark, and no other's as left over", async () => {
    const destination = fresh({ prefix: "marked" });
    await stageBytes(destination, "codexdb_2026-11-23.sql", Buffer.from("x"));
    const container = await openContainer(settings());
    await container.getBlockBlobClient("marked/codexdb_2026-11-22.sql").upload("theirs", 6);
    const left = await fresh({ prefix: "marked" }).listStaged();
    assert.deepEqual(
      left.map(({ name, runId: run }) => [name, run]),
      [["codexdb_2026-11-23.sql", runId]],
    );
  });

  test("uses a signature as well as a key, and is denied without a right one", async () => {
    const container = await openContainer(settings());
    const { ContainerSASPermissions } = await import("@azure/storage-blob");
    const url = new URL(
      await container.generateSasUrl({
        permissions: ContainerSASPermissions.parse("rcwdl"),
        expiresOn: new Date(deps.clock.now() + 3_600_000),
      }),
    );
    const credentials = { kind: "sas", sas: new Secret(url.search) } as const;
    const destination = fresh({ credentials });
    await destination.put("a", Buffer.from("1"), runId);
    assert.equal((await destination.read("a")).toString(), "1");
    assert.equal(await destination.remove("a"), "removed");
    const wrongKey = { kind: "key", key: new Secret(Buffer.from("wrong").toString("base64")) } as const;
    const expired = { kind: "sas", sas: new Secret(url.search.replace(/se=\d{4}/, "se=2001")) } as const;
    for (const wrong of [wrongKey, expired])
      await assert.rejects(fresh({ credentials: wrong }).list(), hasCode("destination.denied"));
  });

  test("that is not there, and a server that is not there, are told apart", async () => {
    await assert.rejects(fresh({ container: "nothing" }).list(), hasCode("destination.missing"));
    const endpoint = "http://127.0.0.1:9/codexaccount";
    await assert.rejects(fresh({ endpoint }).list(), hasCode("destination.unreachable"));
  });

  test("is reached directly where no proxy is configured, whatever the environment says", async () => {
    process.env.HTTP_PROXY = "http://127.0.0.1:9";
    try {
      assert.deepEqual(await fresh().list(), []);
    } finally {
      delete process.env.HTTP_PROXY;
    }
  });

  test("takes the tier that was asked for", async () => {
    await fresh({ prefix: "cold", accessTier: "Cool" }).put("a", Buffer.from("1"), runId);
    const container = await openContainer(settings());
    assert.equal((await container.getBlobClient("cold/a").getProperties()).accessTier, "Cool");
  });

  test("keeps what is leased: that is retained, and stands as before", async () => {
    const destination = fresh({ prefix: "leased" });
    await destination.put("a", Buffer.from("1"), runId);
    const container = await openContainer(settings());
    const lease = container.getBlobClient("leased/a").getBlobLeaseClient();
    await lease.acquireLease(-1);
    assert.equal(await destination.remove("a"), "retained");
    assert.equal((await destination.read("a")).toString(), "1");
    await lease.releaseLease();
  });
});

describeWireFaults(
  "a container of Azure Blob",
  async () => {
    const { port, endpoint } = server;
    const through = (at: number) => endpoint.replace(`:${port}`, `:${at}`);
    const open = (at: number) =>
      createAzureDestination(
        settings({ prefix: "wire", endpoint: through(at) }),
        remoteDeps(impatientClock()),
      );
    return { serverPort: port, open };
  },
  { sizeBytes: 2_500_000 },
);
