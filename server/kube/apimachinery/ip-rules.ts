// What addresses and ranges of addresses may look like. Upstream: apimachinery/pkg/util/validation/ip.go.

import { BlockList, isIP as isIPOrZoned } from 'node:net'

const NO_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
export const LEADING_ZEROS = 'must not have leading 0s'
const NO_RANGE = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

/** 4, 6, or 0 for what is none, as an address with a zone (`fe80::1%eth0`) is not. */
export const isIP = (text: string) => (text.includes('%') ? 0 : isIPOrZoned(text))

export interface Cidr {
  family: 'ipv4' | 'ipv6'
  address: string
  bits: number
}

/** Undefined for what is none. An address inside the range stands for the range. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', bits = '', ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || more.length > 0 || !/^\d{1,3}$/.test(bits)) return undefined
  const size = Number(bits)
  if (size > (version === 4 ? 32 : 128)) return undefined
  return { family: version === 4 ? 'ipv4' : 'ipv6', address, bits: size }
}

export function isStrictlyWithin(inner: Cidr, outer: Cidr): boolean {
  if (inner.family !== outer.family || inner.bits <= outer.bits) return false
  const range = new BlockList()
  range.addSubnet(outer.address, outer.bits, outer.family)
  return range.check(inner.address, inner.family)
}

/** Whether an address is in a range of its family. */
export function holdsAddress(range: string, address: string): boolean {
  const cidr = parseCidr(range)
  if (!cidr || isIP(address) !== (cidr.family === 'ipv4' ? 4 : 6)) return false
  const list = new BlockList()
  list.addSubnet(cidr.address, cidr.bits, cidr.family)
  return list.check(address, cidr.family)
}

/** One spelling, with nothing beyond the prefix; what is no range stays as it is. */
export function canonicalCidr(text: string): string {
  const cidr = parseCidr(text)
  return cidr ? `${firstAddress(cidr)}/${cidr.bits}` : text
}

/** As fields older than the canonical form take them: any spelling that means one thing to everybody. */
export function rangeProblems(text: string): string[] {
  const [host = '', bits = '', ...more] = text.split('/')
  const isDecimal = isDecimalAddress(host)
  const most = host.includes(':') ? 128 : 32
  if (more.length > 0 || !(isIP(host) || isDecimal) || !/^\d+$/.test(bits) || Number(bits) > most) return [NO_RANGE]
  if (!isIP(host) || bits !== String(Number(bits))) return ['must not have leading 0s in IP or prefix length']
  if (isMapped(host)) return ['must not have an IPv4-mapped IPv6 address']
  const cidr = parseCidr(text)
  const isFirst = cidr && firstAddress(cidr) === canonicalAddress(host)
  return isFirst ? [] : ['must not have bits set beyond the prefix length']
}

/** Octets with leading zeros, which some read as octal. */
function isDecimalAddress(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => /^\d+$/.test(part) && Number(part) < 256)
}

/** IPv4 in IPv6's clothes. */
const isMapped = (address: string) => isIP(address) === 6 && numberOf(address) >> 32n === 0xffffn

/** One spelling only, and nothing beyond the prefix. */
export function strictRangeProblems(text: string): string[] {
  const problems = rangeProblems(text)
  if (problems.length > 0) return problems
  const strict = canonicalCidr(text)
  return strict === text ? [] : [`must be in canonical form ("${strict}")`]
}

/** An address with the size of its network, `10.9.8.7/24`, in one spelling. */
export function interfaceAddressProblems(text: string): string[] {
  const cidr = parseCidr(text)
  if (!cidr) return ['must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)']
  const strict = `${canonicalAddress(cidr.address)}/${cidr.bits}`
  return strict === text ? [] : [`must be in canonical form ("${strict}")`]
}

export function strictAddressProblems(text: string): string[] {
  const problems = addressProblems(text)
  if (problems.length > 0) return problems
  return canonicalAddress(text) === text ? [] : [`must be in canonical form ("${canonicalAddress(text)}")`]
}

/** As fields older than the canonical form take them: any spelling that means one thing to everybody. */
export function addressProblems(text: string): string[] {
  if (isIP(text) > 0) return isMapped(text) ? ['must not be an IPv4-mapped IPv6 address'] : []
  return [isDecimalAddress(text) ? LEADING_ZEROS : NO_ADDRESS]
}

/** RFC 5952, by way of URLs, which write hosts so. */
export const canonicalAddress = (address: string): string =>
  isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address

function firstAddress({ family, address, bits }: Cidr): string {
  const size = family === 'ipv4' ? 32 : 128
  const beyond = BigInt(size - bits)
  return addressOf(family, (numberOf(address) >> beyond) << beyond)
}

/** An address as one number, of 32 or 128 bits. */
export function numberOf(address: string): bigint {
  if (isIP(address) === 4) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
  return expanded(canonicalAddress(address)).reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n)
}

export function addressOf(family: Cidr['family'], number: bigint): string {
  if (family === 'ipv4') return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 255n).join('.')
  const parts = Array.from({ length: 8 }, (_, index) => (number >> BigInt(112 - index * 16)) & 0xffffn)
  return canonicalAddress(parts.map((part) => part.toString(16)).join(':'))
}

function expanded(address: string): string[] {
  const [head = '', tail] = address.split('::')
  const left = head ? head.split(':') : []
  const right = tail ? tail.split(':') : []
  return tail === undefined ? left : [...left, ...Array(8 - left.length - right.length).fill('0'), ...right]
}
