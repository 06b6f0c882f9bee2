// Waits for a condition of the outside world that offers no watch. The deadline is a failure, never a result.

export async function until<T>(
  what: string,
  condition: () => Promise<T | undefined | false>,
  timeoutMs = 60_000,
  everyMs = 50,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  for (;;) {
    try {
      const value = await condition()
      if (value !== undefined && value !== false) return value
      last = value
    } catch (err) {
      last = err
    }
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what} (last: ${String(last)})`)
    await new Promise((again) => setTimeout(again, everyMs))
  }
}
