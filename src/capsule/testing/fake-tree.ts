import type { FileFacts, FileKind, TreeDoor } from "../tree-door.ts";

/** One moment in a fake file's life: what looking at it shows, and what reading it gives. */
export interface Moment {
  readonly content?: string;
  readonly stamp?: string;
  readonly kind?: FileKind;
  readonly liesAt?: string;
  readonly readFails?: string;
}

export interface FakeTree extends TreeDoor {
  readonly pauses: readonly number[];
  readonly opened: number;
}

export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/**
 * A tree with one file, "/f", that lives through `moments`: the next one begins whenever its facts are looked at, the
 * last one stays. `openFails` is what opening it throws.
 */
export function fakeFile(moments: readonly Moment[], openFails?: string): FakeTree {
  let at = -1;
  const pauses: number[] = [];
  let opened = 0;
  const now = (): Moment => moments[Math.min(Math.max(at, 0), moments.length - 1)] ?? {};
  const facts = (): FileFacts => {
    at += 1;
    const { content = "", stamp = "1", kind = "file" } = now();
    return {
      kind,
      sizeBytes: content.length,
      mode: 0o100644,
      modifiedMs: 0,
      touchedMs: 0,
      identity: "1:1",
      stamp,
    };
  };
  return {
    list: () => ["f"],
    factsAt: facts,
    targetOf: () => "",
    open() {
      opened += 1;
      if (openFails !== undefined) throw systemError(openFails);
      return 3;
    },
    factsOf: facts,
    read(_descriptor, into, position) {
      const { content = "", readFails } = now();
      if (readFails !== undefined) throw systemError(readFails);
      return into.write(content.slice(position, position + into.length), "latin1");
    },
    close() {},
    pathOf: () => moments[Math.min(at, moments.length - 1)]?.liesAt ?? "/f",
    pause: (ms) => pauses.push(ms),
    pauses,
    get opened() {
      return opened;
    },
  };
}
