/**
 * Runs tasks side by side. The first failure aborts the signal that all were given (its reason is that
 * failure); settles only when every task has, so nothing is left running. Throws the first failure.
 */
export async function together<A, B>(
  outer: AbortSignal,
  first: (signal: AbortSignal) => Promise<A>,
  second: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const controller = new AbortController();
  const signal = AbortSignal.any([outer, controller.signal]);
  const guard = <T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    task(signal).catch((error: unknown) => {
      controller.abort(error);
      throw error;
    });
  const [a, b] = await Promise.allSettled([guard(first), guard(second)]);
  if (a.status === "fulfilled" && b.status === "fulfilled") return [a.value, b.value];
  throw signal.reason;
}
