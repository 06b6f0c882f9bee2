// Names of versions, the most stable and newest first: v2, v1, v2beta1, v1beta2, v1alpha1, and then all others by name.
// Upstream: apimachinery/pkg/version/helpers.go.

const FORM = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/
const STABILITY = ['alpha', 'beta', undefined]

export function compareVersions(a: string, b: string): number {
  const [left, right] = [FORM.exec(a), FORM.exec(b)]
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : a > b ? 1 : 0
  const [, major = '', stability, minor = '0'] = left
  const [, theirMajor = '', theirStability, theirMinor = '0'] = right
  return (
    STABILITY.indexOf(theirStability) - STABILITY.indexOf(stability) ||
    Number(theirMajor) - Number(major) ||
    Number(theirMinor) - Number(minor)
  )
}
