/** Does something for each value, several at once. After a failure no further one is begun; throws it when those under way have ended. */
export async function forEachAtOnce<T>(
  values: Iterable<T>,
  atOnce: number,
  body: (value: T) => Promise<void>,
): Promise<void> {
  const iterator = values[Symbol.iterator]();
  let failure: { error: unknown } | null = null;
  const worker = async () => {
    for (let next = iterator.next(); !next.done && failure === null; next = iterator.next()) {
      try {
        await body(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  // TypeScript does not see the assignment in the workers.
  const failed = failure as { error: unknown } | null;
  if (failed) throw failed.error;
}
