/** RFC 3339 in seconds, as `metav1.Time` is written. */
export function timestampOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
