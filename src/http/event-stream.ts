import { formatInstant } from "../domain/instant.ts";
import type { RunEvent } from "../domain/runs/run-event.ts";
import type { HttpClock } from "./http.ts";
import type { Caller } from "./route.ts";

export interface EventStreamParts {
  readonly clock: HttpClock;
  readonly caller: Caller;
  readonly listen: (hear: (event: RunEvent) => void) => () => void;
  /** What is sent of all that happens. */
  readonly isWanted: (event: RunEvent) => boolean;
  /** True after an event with which the stream ends. */
  readonly isLast: (event: RunEvent) => boolean;
  readonly hide: (text: string) => string;
  /** Called once, however it ended. */
  readonly onEnd: () => void;
}

/** So many events wait for a client; one that is further behind does not read. */
const mostWaiting = 64;
const heartbeatMs = 15_000;
/** Between two reports of progress. */
const leastPauseMs = 250;

export interface EventStream {
  readonly stream: ReadableStream<Uint8Array>;
  /** Ends it well. May be called twice. */
  end(): void;
}

/**
 * Server-sent events. Bounded: progress comes at most four times a second, and a client that does not read is
 * cut off instead of being remembered for. The heartbeat asks whether the token is still good.
 */
export function openEventStream(parts: EventStreamParts): EventStream {
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  let stopHeartbeat = () => {};
  let toldMs = Number.NEGATIVE_INFINITY;
  let number = 0;

  const forget = () => {
    if (controller === null) return false;
    controller = null;
    stopListening();
    stopHeartbeat();
    parts.onEnd();
    return true;
  };
  const end = () => {
    const open = controller;
    if (forget()) open?.close();
  };
  const send = (text: string) => {
    if (controller === null) return;
    if ((controller.desiredSize ?? 0) > 0) return controller.enqueue(encoder.encode(text));
    parts.caller.drop();
    end();
  };
  const hear = (event: RunEvent) => {
    if (!parts.isWanted(event)) return;
    if (event.kind === "progress") {
      const nowMs = parts.clock.monotonicMs();
      if (nowMs - toldMs < leastPauseMs) return;
      toldMs = nowMs;
    }
    number += 1;
    send(`id: ${number}\nevent: ${event.kind}\ndata: ${parts.hide(JSON.stringify(documentOf(event)))}\n\n`);
    if (parts.isLast(event)) end();
  };
  const beat = () => {
    stopHeartbeat = parts.clock.after(heartbeatMs, () => {
      send(": still here\n\n");
      parts.caller.isStillWelcome().then((isWelcome) => (isWelcome ? null : end()), end);
      if (controller !== null) beat();
    });
  };
  const stopListening = parts.listen(hear);
  const stream = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
        send(": codex-backup\n\n");
        beat();
      },
      cancel: () => void forget(),
    },
    { highWaterMark: mostWaiting },
  );
  return { stream, end };
}

/** As the CLI's documents: times are ISO 8601, UTC. */
function documentOf(event: RunEvent): object {
  if (event.kind !== "started") return event;
  return { ...event, slot: event.slot === null ? null : formatInstant(event.slot) };
}
