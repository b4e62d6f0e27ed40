import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, readdirSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import type { Destination } from "../../../src/destinations/destination.ts";
import type { WebdavSettings } from "../../../src/destinations/folder/webdav/settings.ts";
import { createWebdavDestination } from "../../../src/destinations/folder/webdav/webdav-destination.ts";
import { createWebdavFolder } from "../../../src/destinations/folder/webdav/webdav-folder.ts";
import { Failure } from "../../../src/domain/failure.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { describeDestinationContract } from "../../contract/destination-contract.ts";
import {
  contentOf,
  hasCode,
  hash,
  hashOf,
  namesOf,
  runId,
  stageBytes,
} from "../../contract/destination-steps.ts";
import { davUser, type RunningApache } from "../../servers/apache.ts";
import { startLineCutter } from "../../servers/line-cutter.ts";
import { farTraits, remoteDeps } from "./remote-deps.ts";

type Settings = (changes?: Partial<WebdavSettings>) => WebdavSettings;

/** Everything that must hold with a real Apache. */
export function describeWebdav(server: () => RunningApache): void {
  let folders = 0;
  const settings: Settings = (changes = {}) => ({
    name: "far",
    url: changes.url ?? `${server().url}${server().folder(`f${folders++}`)}`,
    user: davUser.name,
    password: new Secret(davUser.password),
    caFile: null,
    proxy: null,
    traits: farTraits("webdav"),
    ...changes,
  });
  describeDestinationContract("a folder behind Apache's mod_dav", async () => {
    const given = settings();
    const opened: Destination[] = [];
    const reopen = () => {
      const destination = createWebdavDestination(given, remoteDeps());
      opened.push(destination);
      return destination;
    };
    return {
      destination: reopen(),
      reopen,
      close: async () => void (await Promise.all(opened.map((each) => each.close()))),
    };
  });
  describeDoor(settings, server);
  describeFolder(settings, server);
  describeBrokenLine(settings, server);
  describeOddServers(settings);
}

async function using<T>(given: WebdavSettings, work: (destination: Destination) => Promise<T>): Promise<T> {
  const destination = createWebdavDestination(given, remoteDeps());
  try {
    return await work(destination);
  } finally {
    await destination.close();
  }
}

function describeDoor(settings: Settings, server: () => RunningApache): void {
  test("WebDAV: a wrong password, and none, are denied, and the password is not shown", async () => {
    for (const bad of [{ password: new Secret("wrong one") }, { user: null }])
      await using(settings(bad), (destination) =>
        assert.rejects(destination.ready(), (error: unknown) => {
          assert.ok(hasCode("destination.denied")(error));
          return !String(error).includes("wrong one");
        }),
      );
  });
  test("WebDAV: a certificate is trusted only when its authority is told", async () => {
    const url = `${server().secureUrl}${server().folder("tls")}`;
    await using(settings({ url }), (destination) =>
      assert.rejects(destination.list(), hasCode("destination.denied")),
    );
    await using(settings({ url, caFile: server().certificate.certFile }), async (destination) => {
      await destination.initialise();
      await destination.put("a", Buffer.from("x"), runId);
      assert.equal(String(await destination.read("a")), "x");
    });
  });
}

function describeFolder(settings: Settings, server: () => RunningApache): void {
  test("WebDAV: a folder that is not there is missing, and initialise makes it and its parents", async () => {
    await using(settings({ url: `${server().url}deep/er and/er` }), async (destination) => {
      await assert.rejects(destination.ready(), hasCode("destination.missing"));
      await assert.rejects(destination.put("a", Buffer.from("x"), runId), hasCode("destination.missing"));
      const id = await destination.initialise();
      assert.equal((await destination.ready()).id, id);
      await destination.put("a & b%20.sql", Buffer.from("x"), runId);
      assert.deepEqual(await namesOf(destination), ["RESTORE-v1.md", "a & b%20.sql"]);
    });
  });
  test("WebDAV: a folder that may not be written is denied, and what lies there is retained", async () => {
    const given = settings();
    const path = join(server().directory, given.url.split("/").at(-1) ?? "");
    await using(given, async (destination) => {
      await destination.initialise();
      await destination.put("a", Buffer.from("1"), runId);
      chmodSync(path, 0o500);
      // Apache has no better word for it than 500.
      await assert.rejects(destination.ready(), (error: unknown) => {
        assert.ok(error instanceof Failure && error.code === "destination.unreachable", String(error));
        return /may not be written/.test(error.hint ?? "");
      });
      assert.equal(await destination.remove("a"), "retained");
      assert.equal(String(await destination.read("a")), "1");
      chmodSync(path, 0o700);
    });
  });
  test("WebDAV: the server itself refuses to move onto a name that is taken", async () => {
    const given = settings();
    const folder = createWebdavFolder(given);
    for (const name of [".a", ".b"])
      await pipeline(Readable.from([Buffer.from(name)]), await folder.write(name));
    await folder.rename(".a", "a");
    await assert.rejects(folder.rename(".b", "a"), hasCode("destination.exists"));
    assert.equal(String(await using(given, (destination) => destination.read("a"))), ".a");
    await folder.close();
  });
}

function describeBrokenLine(settings: Settings, server: () => RunningApache): void {
  test("WebDAV: a line that breaks within an upload or download is told, and the next try works", async () => {
    const line = await startLineCutter(Number(new URL(server().url).port));
    const given = settings({ url: `http://127.0.0.1:${line.port}/dav/${server().folder("cut")}` });
    const bytes = randomBytes(3 * 1024 * 1024);
    await using(given, async (destination) => {
      for (const cut of [200_000, 2_000_000]) {
        line.cutAfter(cut);
        await assert.rejects(stageBytes(destination, "a.sql", bytes), hasCode("destination.unreachable"));
        line.mend();
        assert.equal(await destination.stat("a.sql"), null);
      }
      const [left] = await destination.listStaged();
      assert.equal(left?.name, "a.sql", "what was begun is seen, to be swept");
      await (await stageBytes(destination, "a.sql", bytes)).publish();
      assert.equal(await hashOf(await destination.open("a.sql")), hash(bytes));
      line.cutAfter(1_000_000);
      const opened = await destination.open("a.sql");
      await assert.rejects(contentOf(opened), hasCode("destination.unreachable"));
    });
    await line.close();
    const names = readdirSync(join(server().directory, "cut"));
    assert.deepEqual(
      names.filter((name) => !name.startsWith(".davfs.tmp")),
      ["a.sql"],
    );
  });
}

/** What Apache does not do. */
function describeOddServers(settings: Settings): void {
  const withServer = async (listener: RequestListener, work: (given: WebdavSettings) => Promise<void>) => {
    const odd = createServer(listener).listen(0, "127.0.0.1");
    await once(odd, "listening");
    const address = odd.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await work(settings({ url: `http://127.0.0.1:${port}/dav` }));
    odd.closeAllConnections();
    odd.close();
  };
  test("WebDAV: a range that is answered with the whole file is cut out of it", async () => {
    await withServer(
      (_request, response) => response.end("0123456789"),
      (given) =>
        using(given, async (destination) => {
          const part = await destination.open("a", { range: { start: 3, length: 4 } });
          assert.equal(String(await contentOf(part)), "3456");
          const end = await destination.open("a", { range: { start: 8, length: 40 } });
          assert.equal(String(await contentOf(end)), "89");
        }),
    );
  });
  test("WebDAV: a redirect is not followed, so that the password stays here", async () => {
    const seen: string[] = [];
    await withServer(
      (request, response) => {
        seen.push(String(request.url));
        response.writeHead(302, { location: "/elsewhere" }).end();
      },
      (given) =>
        using(given, (destination) =>
          assert.rejects(destination.list(), (error: unknown) => {
            assert.ok(hasCode("destination.io")(error));
            return /sends us on to "\/elsewhere"/.test(String(error));
          }),
        ),
    );
    assert.deepEqual(seen, ["/dav/"]);
  });
  test("WebDAV: a connection that the server ended while it was idle is no failure", async () => {
    let asked = 0;
    await withServer(
      (request, response) => {
        asked += 1;
        // The second request comes over the kept connection, and finds it ending.
        if (asked === 2) return request.socket.destroy();
        return response.end("0123456789");
      },
      (given) =>
        using(given, async (destination) => {
          for (let time = 0; time < 2; time += 1)
            assert.equal(String(await contentOf(await destination.open("a"))), "0123456789");
        }),
    );
    assert.equal(asked, 3);
  });
  test("WebDAV: each refusal has its own word", async () => {
    let status = 0;
    const codes = {
      500: "unreachable",
      503: "unreachable",
      413: "too-large",
      423: "denied",
      507: "full",
    } as const;
    await withServer(
      (request, response) => request.resume().on("end", () => response.writeHead(status).end()),
      (given) =>
        using(given, async (destination) => {
          for (const [told, code] of Object.entries(codes)) {
            status = Number(told);
            await assert.rejects(
              destination.put("a", Buffer.from("x"), runId),
              hasCode(`destination.${code}`),
            );
          }
          status = 200;
          await assert.rejects(destination.list(), hasCode("destination.io"));
        }),
    );
  });
  test("WebDAV: a server that refuses in the middle of an upload ends it with its own word", async () => {
    await withServer(
      (request, response) => {
        if (request.headers["content-length"] === "0") return response.writeHead(201).end();
        request.once("data", () => response.writeHead(507, { connection: "close" }).end());
        return response;
      },
      (given) =>
        using(given, async (destination) => {
          const work = stageBytes(destination, "a", randomBytes(8 * 1024 * 1024));
          await assert.rejects(work, hasCode("destination.full"));
        }),
    );
  });
}
