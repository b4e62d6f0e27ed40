import { finished, Readable, Writable } from "node:stream";
import { type BandwidthRule, bandwidthAt } from "../../domain/copies/bandwidth.ts";
import { createZone } from "../../domain/zone.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Destination, OpenedFile, StagedFile } from "../destination.ts";
import { createTokenBucket, type TokenBucket } from "./token-bucket.ts";

export interface BandwidthDeps {
  readonly clock: Clock;
  readonly rules: readonly BandwidthRule[];
  /** The IANA name of the zone whose clock the rules mean. */
  readonly zone: string;
}

/**
 * The same destination, whose files together pass no faster than the rules say, up and down. Counted is what is handed to
 * the driver: it may send a part of some megabytes in one go, and be still for as long afterwards.
 */
export function withBandwidth(inner: Destination, { clock, rules, zone }: BandwidthDeps): Destination {
  const wall = createZone(zone);
  const bucket = createTokenBucket(clock, () => {
    const now = clock.now();
    return bandwidthAt(rules, Math.floor((now + wall.offsetMs(now)) / 60_000) % 1440);
  });
  const slow = (opened: OpenedFile): OpenedFile => ({ ...opened, stream: slowStream(opened.stream, bucket) });
  return {
    name: inner.name,
    location: inner.location,
    traits: inner.traits,
    ready: () => inner.ready(),
    look: () => inner.look(),
    initialise: () => inner.initialise(),
    stage: async (name, runId, expectedBytes) =>
      slowStaged(await inner.stage(name, runId, expectedBytes), bucket),
    listStaged: () => inner.listStaged(),
    async resume(name, runId) {
      const left = await inner.resume(name, runId);
      return left === null ? null : slowStaged(left, bucket);
    },
    discardStaged: (left) => inner.discardStaged(left),
    list: () => inner.list(),
    stat: (name) => inner.stat(name),
    open: async (name, options) => slow(await inner.open(name, options)),
    localPath: (name) => inner.localPath(name),
    async read(name, limitBytes) {
      const bytes = await inner.read(name, limitBytes);
      await bucket.take(bytes.length);
      return bytes;
    },
    async put(name, bytes, runId) {
      await bucket.take(bytes.length);
      await inner.put(name, bytes, runId);
    },
    remove: (name) => inner.remove(name),
    sync: () => inner.sync(),
    close: () => inner.close(),
    checksums: inner.checksums,
  };
}

function slowStaged(inner: StagedFile, bucket: TokenBucket): StagedFile {
  const { name, localPath } = inner;
  const sink = inner.sink.writableEnded ? inner.sink : slowSink(inner.sink, bucket);
  return {
    name,
    localPath,
    sink,
    async readBack(range) {
      const opened = await inner.readBack(range);
      return { ...opened, stream: slowStream(opened.stream, bucket) };
    },
    storedBytes: () => inner.storedBytes(),
    publish: () => inner.publish(),
    async discard() {
      if (!sink.writableFinished) sink.destroy();
      await inner.discard();
    },
  };
}

function slowSink(inner: Writable, bucket: TokenBucket): Writable {
  const outer = new Writable({
    highWaterMark: inner.writableHighWaterMark,
    write(chunk: Buffer, _encoding, done) {
      void bucket.take(chunk.length).then(() => (outer.destroyed ? done() : inner.write(chunk, done)));
    },
    final: (done) => void inner.end(done),
    destroy(error, done) {
      if (!inner.writableFinished) inner.destroy();
      done(error);
    },
  });
  inner.on("error", (error) => outer.destroy(error));
  return outer;
}

function slowStream(inner: Readable, bucket: TokenBucket): Readable {
  let isWaiting = false;
  const outer = new Readable({
    read() {
      if (!isWaiting) inner.resume();
    },
    destroy(error, done) {
      inner.destroy();
      done(error);
    },
  });
  inner.on("data", (chunk: Buffer) => {
    isWaiting = true;
    inner.pause();
    void bucket.take(chunk.length).then(() => {
      isWaiting = false;
      if (!outer.destroyed && outer.push(chunk)) inner.resume();
    });
  });
  finished(inner, (error) => {
    if (error) return void outer.destroy(error);
    // Behind the last bytes, which may still wait for their turn.
    void bucket.take(0).then(() => outer.destroyed || outer.push(null));
  });
  return outer;
}
