/** What was begun side by side. All of it is over, one way or the other, before anybody hears that some of it failed. */
export async function allDone<T extends readonly Promise<unknown>[]>(
  ...begun: T
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(begun)
  return Promise.all(begun)
}
