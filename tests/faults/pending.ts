import { createHook } from "node:async_hooks";
import { setImmediate as turn } from "node:timers/promises";

/** What Node has asked the system, its thread pool or a child for, and which will be answered whatever the fake clock says. */
const answered = /^FSREQ|REQUEST$|^FILEHANDLECLOSEREQ$|^PROCESSWRAP$|^PIPEWRAP$/;

const open = new Set<number>();

createHook({
  trackPromises: false,
  init(id, type) {
    if (answered.test(type)) open.add(id);
  },
  destroy(id) {
    open.delete(id);
  },
}).enable();

/** What is open now belongs to the test itself, such as the child that removes its files: nobody waits for it. */
export function beginToCount(): void {
  open.clear();
}

/** More turns than streams and promises take between two things that they wait for. */
const quietTurns = 12;

/** Settles when nothing moves any more unless time passes, or as soon as it is over. By counting, not by waiting. */
export async function atRest(isOver: () => boolean): Promise<void> {
  for (let quiet = 0; quiet < quietTurns && !isOver(); ) {
    await turn();
    quiet = open.size === 0 ? quiet + 1 : 0;
  }
}
