// A number, or a percentage of something: maxSurge, maxUnavailable, targetPort.
// Upstream: apimachinery/pkg/util/intstr/intstr.go.

export type IntOrString = number | string

/** Undefined when the text is neither a number nor a percentage. */
export function scaledValue(value: IntOrString, of: { total: number; roundUp: boolean }): number | undefined {
  if (typeof value === 'number') return value
  const match = /^(\d+)%$/.exec(value)
  if (!match) return undefined
  const exact = (Number(match[1]) * of.total) / 100
  return of.roundUp ? Math.ceil(exact) : Math.floor(exact)
}
