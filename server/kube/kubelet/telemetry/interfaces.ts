// The kernel's own count of what went through network interfaces: /proc/PID/net/dev.

export interface Interface {
  name: string
  rxBytes: number
  rxErrors: number
  txBytes: number
  txErrors: number
}

/** Without loopback: nothing of that leaves or enters. */
export function interfacesOf(text: string): Interface[] {
  return text
    .split('\n')
    .slice(2)
    .flatMap((line) => {
      const [name = '', rest] = line.split(':')
      if (rest === undefined || name.trim() === 'lo') return []
      const counts = rest.trim().split(/\s+/).map(Number)
      const [rxBytes = 0, , rxErrors = 0] = counts
      const [txBytes = 0, , txErrors = 0] = counts.slice(8)
      return [{ name: name.trim(), rxBytes, rxErrors, txBytes, txErrors }]
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
