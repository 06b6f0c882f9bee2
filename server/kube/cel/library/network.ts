// URLs, addresses and address ranges. Upstream: apiserver/pkg/cel/library/{urls,ip,cidr}.go.

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
  has(address: string): boolean {
    if (isIP(address) !== isIP(this.address)) return false
    const list = new BlockList()
    list.addSubnet(this.address, this.length, family(this.address))
    return list.check(address, family(address))
  }
}

const family = (address: string) => (isIPv4(address) ? 'ipv4' : 'ipv6')

export function addNetwork(environment: Environment): void {
  const sync = { async: false }
  const [ip, cidr, url] = ['net.IP', 'net.CIDR', 'kubernetes.URL']
  const on = (type: string, signature: string, handler: (...values: never[]) => unknown) =>
    environment.registerFunction(`${type}.${signature}`, handler, sync)
  environment
    .registerType(url, URL)
    .registerType(ip, Address)
    .registerType(cidr, Range)
    .registerFunction(`url(string): ${url}`, readUrl, sync)
    .registerFunction('isURL(string): bool', (text: string) => isUrl(text), sync)
    .registerFunction(`ip(string): ${ip}`, readAddress, sync)
    .registerFunction('isIP(string): bool', (text: string) => isIP(text) !== 0, sync)
    .registerFunction(`string(${ip}): string`, ({ text }: Address) => text, sync)
    .registerFunction(`cidr(string): ${cidr}`, readRange, sync)
    .registerFunction('isCIDR(string): bool', (text: string) => rangeOf(text) !== undefined, sync)
    .registerOperator(`${ip} == ${ip}`, (a: Address, b: Address) => canonical(a.text) === canonical(b.text))
  on(url, 'getScheme(): string', (of: URL) => of.protocol.slice(0, -1))
  on(url, 'getHost(): string', (of: URL) => of.host)
  on(url, 'getHostname(): string', (of: URL) => of.hostname.replace(/^\[|\]$/g, ''))
  on(url, 'getPort(): string', (of: URL) => of.port)
  on(url, 'getEscapedPath(): string', (of: URL) => of.pathname)
  on(url, 'getQuery(): map<string, list<string>>', (of: URL) =>
    Object.fromEntries([...new Set(of.searchParams.keys())].map((key) => [key, of.searchParams.getAll(key)])),
  )
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
  on(cidr, 'prefixLength(): int', (of: Range) => BigInt(of.length))
}

function isUrl(text: string): boolean {
  return URL.canParse(text) || (text.startsWith('/') && URL.canParse(text, 'http://localhost'))
}

function readUrl(text: string): URL {
  if (!isUrl(text)) throw new Error(`URL parse error during conversion from string: ${JSON.stringify(text)}`)
  return new URL(text)
}

function readAddress(text: string): Address {
  if (isIP(text) === 0) throw new Error(`IP Address "${text}" parse error during conversion from string`)
  return new Address(text)
}

function rangeOf(text: string): Range | undefined {
  const [, address = '', length = ''] = /^(.+)\/(\d{1,3})$/.exec(text) ?? []
  const most = isIPv4(address) ? 32 : 128
  return isIP(address) !== 0 && Number(length) <= most ? new Range(address, Number(length)) : undefined
}

function readRange(text: string): Range {
  const range = rangeOf(text)
  if (!range)
    throw new Error(`network address parse error during conversion from string: invalid CIDR address: ${text}`)
  return range
}

const isIn = (text: string, ...ranges: string[]) => ranges.some((range) => rangeOf(range)!.has(text))
const canonical = (text: string) => (isIPv4(text) ? text : new URL(`http://[${text}]`).hostname)
