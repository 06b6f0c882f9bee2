/** The HTTP status of an error from the engine: 404 gone, 409 not in a state for that, 403 in use. */
export function statusOf(err: unknown): number | undefined {
  return (err as { statusCode?: number } | undefined)?.statusCode
}
