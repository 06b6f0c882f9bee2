/** A measured duration, in milliseconds, as precise as it is worth reading. */
export function milliseconds(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`
}
