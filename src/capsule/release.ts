/** Node's shared pool of small Buffers is smaller; what is larger has memory of its own. */
const ownedFromBytes = 128 * 1024;

/**
 * Gives the memory of a buffer back at once; the buffer is empty afterwards. V8 lets up to 64 MB of dead buffers pile
 * up in each thread before it collects them, which would make a run three times as large. Small ones are left to it.
 */
export function release(view: Uint8Array): void {
  const { buffer } = view;
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= ownedFromBytes) buffer.transfer(0);
}
