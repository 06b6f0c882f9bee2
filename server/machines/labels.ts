// Everything Podium makes in Docker carries these, and clean-up touches nothing that does not.

export const LABELS = {
  owner: 'podium',
  cluster: 'podium.cluster',
  role: 'podium.role',
  machine: 'podium.machine',
  ordinal: 'podium.ordinal',
  slot: 'podium.slot',
  /** Which state directory (installation) made it: two on one host leave each other's things alone. */
  home: 'podium.home',
} as const

export function labelFilter(labels: Record<string, string>): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`)
}
