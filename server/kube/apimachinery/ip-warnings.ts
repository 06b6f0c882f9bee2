// Addresses and ranges that are taken and better written otherwise. Upstream: apimachinery/pkg/util/validation/ip.go,
// GetWarningsForIP and GetWarningsForCIDR.

import { addressOf, type Cidr, isIP, numberOf } from './ip-rules.ts'

interface Read {
  family: Cidr['family']
  number: bigint
  /** Some take it for another one, and some for none. */
  isAmbiguous: boolean
}

const MAPPED = 0xffffn
const IPV4_BITS = 32n

/** As the oldest fields do: leading zeros do not matter, and IPv4 in IPv6's clothes is IPv4. */
function read(text: string): Read | undefined {
  if (isIP(text) === 6) {
    const number = numberOf(text)
    if (number >> IPV4_BITS !== MAPPED) return { family: 'ipv6', number, isAmbiguous: false }
    return { family: 'ipv4', number: number & 0xffff_ffffn, isAmbiguous: true }
  }
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d+$/.test(part) && Number(part) < 256)) return undefined
  const plain = parts.map(Number).join('.')
  return { family: 'ipv4', number: numberOf(plain), isAmbiguous: plain !== text }
}

export function addressWarnings(at: string, text: string): string[] {
  const address = read(text)
  if (!address) return []
  const better = addressOf(address.family, address.number)
  if (address.isAmbiguous) {
    return [`${at}: non-standard IP address "${text}" is invalid: use "${better}"`]
  }
  return better === text ? [] : [`${at}: IPv6 address "${text}" should be in RFC 5952 canonical format ("${better}")`]
}

export function rangeWarnings(at: string, text: string): string[] {
  const [host = '', length = ''] = text.split('/')
  const address = read(host)
  if (!address || !/^\d+$/.test(length)) return []
  const { family, number } = address
  const size = family === 'ipv4' ? 32 : 128
  const bits = isIP(host) === 6 && family === 'ipv4' ? Number(length) - 96 : Number(length)
  if (bits < 0 || bits > size) return []
  const beyond = BigInt(size - bits)
  const first = (number >> beyond) << beyond
  const better = `${addressOf(family, first)}/${bits}`
  const warnings: string[] = []
  if (first !== number) {
    const alone = `${addressOf(family, number)}/${size}`
    warnings.push(`${at}: CIDR value "${text}" is ambiguous in this context (should be "${better}" or "${alone}"?)`)
  }
  if (address.isAmbiguous || length !== String(Number(length))) {
    warnings.push(`${at}: non-standard CIDR value "${text}" is invalid: use "${better}"`)
  }
  if (warnings.length > 0 || better === text) return warnings
  return [`${at}: IPv6 CIDR value "${text}" should be in RFC 5952 canonical format ("${better}")`]
}
