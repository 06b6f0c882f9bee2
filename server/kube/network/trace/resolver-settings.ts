// What a C library makes of /etc/resolv.conf and /etc/hosts: whom it asks, for which names and in which order.
// resolv.conf(5): names with fewer dots than `ndots` are tried with the search list first.

export interface ResolverSettings {
  server: string
  search: string[]
  ndots: number
}

export function resolverSettings(resolvConf: string): ResolverSettings {
  const settings: ResolverSettings = { server: '', search: [], ndots: 1 }
  for (const line of resolvConf.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/)
    if (word === 'nameserver') settings.server ||= rest[0] ?? ''
    if (word === 'search' || word === 'domain') settings.search = rest
    if (word === 'options') {
      const ndots = rest.find((option) => option.startsWith('ndots:'))
      if (ndots) settings.ndots = Math.min(15, Number(ndots.slice('ndots:'.length)) || 0)
    }
  }
  return settings
}

export function namesToTry(name: string, { search, ndots }: ResolverSettings): string[] {
  if (name.endsWith('.')) return [name]
  const dots = name.split('.').length - 1
  const searched = search.filter((domain) => domain !== '.').map((domain) => `${name}.${domain.replace(/\.$/, '')}.`)
  return dots >= ndots ? [`${name}.`, ...searched] : [...searched, `${name}.`]
}

export function addressesInHosts(hosts: string, name: string): { address: string; line: string } | undefined {
  for (const line of hosts.split('\n')) {
    const [address = '', ...names] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/)
    if (names.includes(name) && !address.includes(':')) return { address, line: line.trim() }
  }
  return undefined
}
