// Addresses and ranges of addresses. Upstream: apiserver/pkg/cel/library/{ip,cidr}.go.

import { BlockList, isIP, isIPv4 } from 'node:net'
import type { Environment } from '@marcbachmann/cel-js'

class Address {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

class Range {
  readonly address: string
  readonly length: number
  constructor(address: string, length: number) {
    this.address = address
    this.length = length
  }
  masked(): Range {
    const bits = bitsOf(this.address)
    const size = isIPv4(this.address) ? 32n : 128n
    const host = (1n << (size - BigInt(this.length))) - 1n
    return new Range(addressOf(bits & ~host, size), this.length)
  }

  toString(): string {
    return `${canonical(this.address)}/${this.length}`
  }

  has(address: string): boolean {
    if (isIP(address) !== isIP(this.address)) return false
    const list = new BlockList()
    list.addSubnet(this.address, this.length, family(this.address))
    return list.check(address, family(address))
  }
}

class IpFunctions {}

/** Types by their names, `net.IP`, which are values. */
class Net {
  readonly IP: unknown
  readonly CIDR: unknown
  constructor(environment: Environment) {
    this.IP = environment.evaluate('type(ip("::1"))')
    this.CIDR = environment.evaluate('type(cidr("::1/128"))')
  }
}

/** In groups of 8 bits, or of 16. */
function bitsOf(address: string): bigint {
  if (isIPv4(address)) return address.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n)
  const [before = '', after] = canonical(address).split('::')
  const [head, tail] = [before, after ?? ''].map((part) => (part === '' ? [] : part.split(':')))
  const groups = [...head!, ...Array<string>(8 - head!.length - tail!.length).fill('0'), ...tail!]
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n)
}

function addressOf(bits: bigint, size: bigint): string {
  if (size === 32n) return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join('.')
  const groups = Array.from({ length: 8 }, (_, at) => ((bits >> BigInt(112 - 16 * at)) & 0xffffn).toString(16))
  return canonical(groups.join(':'))
}

const family = (address: string) => (isIPv4(address) ? 'ipv4' : 'ipv6')

export function addNetwork(environment: Environment): void {
  const sync = { async: false }
  const [ip, cidr, namespace] = ['net.IP', 'net.CIDR', 'kubernetes.IPFunctions']
  const on = (type: string, signature: string, handler: (...values: never[]) => unknown) =>
    environment.registerFunction(`${type}.${signature}`, handler, sync)
  environment
    .registerType(ip, Address)
    .registerType(cidr, Range)
    .registerType(namespace, IpFunctions)
    .registerConstant('ip', namespace, new IpFunctions())
    .registerFunction(
      `${namespace}.isCanonical(string): bool`,
      (_: IpFunctions, text: string) => canonical(readAddress(text).text) === text,
      sync,
    )
    .registerFunction(`ip(string): ${ip}`, readAddress, sync)
    .registerFunction('isIP(string): bool', (text: string) => isAddress(text), sync)
    .registerFunction(`string(${ip}): string`, ({ text }: Address) => canonical(text), sync)
    .registerFunction(`cidr(string): ${cidr}`, readRange, sync)
    .registerFunction('isCIDR(string): bool', (text: string) => rangeOf(text) !== undefined, sync)
    .registerFunction(`string(${cidr}): string`, String, sync)
    .registerOperator(`${cidr} == ${cidr}`, (a: Range, b: Range) => String(a) === String(b))
    .registerOperator(`${ip} == ${ip}`, (a: Address, b: Address) => canonical(a.text) === canonical(b.text))
  on(ip, 'family(): int', ({ text }: Address) => BigInt(isIP(text)))
  on(ip, 'isLoopback(): bool', ({ text }: Address) => isIn(text, '127.0.0.0/8', '::1/128'))
  on(ip, 'isUnspecified(): bool', ({ text }: Address) => isIn(text, '0.0.0.0/32', '::/128'))
  on(ip, 'isLinkLocalMulticast(): bool', ({ text }: Address) => isIn(text, '224.0.0.0/24', 'ff02::/16'))
  on(ip, 'isLinkLocalUnicast(): bool', ({ text }: Address) => isIn(text, '169.254.0.0/16', 'fe80::/10'))
  on(
    ip,
    'isGlobalUnicast(): bool',
    ({ text }: Address) =>
      !isIn(
        text,
        '127.0.0.0/8',
        '0.0.0.0/32',
        '224.0.0.0/4',
        '169.254.0.0/16',
        '255.255.255.255/32',
        '::1/128',
        '::/128',
        'ff00::/8',
        'fe80::/10',
      ),
  )
  on(cidr, `containsIP(${ip}): bool`, (of: Range, { text }: Address) => of.has(text))
  on(cidr, 'containsIP(string): bool', (of: Range, text: string) => of.has(readAddress(text).text))
  on(
    cidr,
    `containsCIDR(${cidr}): bool`,
    (of: Range, inner: Range) => inner.length >= of.length && of.has(inner.address),
  )
  on(cidr, 'containsCIDR(string): bool', (of: Range, text: string) => {
    const inner = readRange(text)
    return inner.length >= of.length && of.has(inner.address)
  })
  on(cidr, `ip(): ${ip}`, (of: Range) => new Address(of.address))
  on(cidr, `masked(): ${cidr}`, (of: Range) => of.masked())
  on(cidr, 'prefixLength(): int', (of: Range) => BigInt(of.length))
  environment
    .registerType('kubernetes.Net', { ctor: Net, fields: { IP: 'type', CIDR: 'type' } })
    .registerConstant('net', 'kubernetes.Net', new Net(environment))
}

/** Neither of a zone, nor of the other family in disguise. */
const isAddress = (text: string) => isIP(text) !== 0 && !text.includes('%') && !isMapped(text)
const isMapped = (text: string) => !isIPv4(text) && /^::ffff:[0-9a-f]{1,4}:[0-9a-f]{1,4}$/.test(canonical(text))

function readAddress(text: string): Address {
  if (isAddress(text)) return new Address(text)
  const why = text.includes('%')
    ? `IP address "${text}" with zone value is not allowed`
    : isIP(text) !== 0
      ? `IPv4-mapped IPv6 address "${text}" is not allowed`
      : `IP Address "${text}" parse error during conversion from string: ParseAddr("${text}"): unable to parse IP`
  throw new Error(why)
}

function rangeOf(text: string): Range | undefined {
  const [, address = '', length = ''] = /^(.+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? []
  const most = isIPv4(address) ? 32 : 128
  return isAddress(address) && Number(length) <= most ? new Range(address, Number(length)) : undefined
}

function readRange(text: string): Range {
  const range = rangeOf(text)
  if (range) return range
  throw new Error(
    `network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("${text}"): no '/'`,
  )
}

const isIn = (text: string, ...ranges: string[]) => ranges.some((range) => rangeOf(range)!.has(text))
const canonical = (text: string) => (isIPv4(text) ? text : new URL(`http://[${text}]`).hostname.slice(1, -1))
