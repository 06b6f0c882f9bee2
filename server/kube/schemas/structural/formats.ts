// The formats of texts and numbers that a schema may ask for; others are ignored, as upstream does.
// Upstream: apiextensions-apiserver/pkg/apiserver/validation/formats.go, kube-openapi/pkg/validation/strfmt,
// and Go's own readers that these ask.

import { isIPv6 } from 'node:net'
import { isRequestUri } from '../../apimachinery/go-url.ts'
import { dnsLabelProblems, dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { isCreditCard, isIsbn10, isIsbn13 } from './check-digits.ts'
import { isMailAddress } from './mail-address.ts'

const FORMS: Readonly<Record<string, RegExp>> = {
  bsonobjectid: /^[0-9a-fA-F]{24}$/,
  uuid: /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
  uuid3: /^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
  uuid4: /^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i,
  uuid5: /^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i,
  ssn: /^\d{3}[- ]\d{2}[- ]\d{4}$/,
  hexcolor: /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/,
  rgbcolor:
    /^rgb\([\t\n\f\r ]*(?:25[0-5]|2[0-4]\d|1\d{0,2}|[2-9]\d?|0)[\t\n\f\r ]*(?:,[\t\n\f\r ]*(?:25[0-5]|2[0-4]\d|1\d{0,2}|[2-9]\d?|0)[\t\n\f\r ]*){2}\)$/,
  // An empty text is none.
  byte: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/,
}

const HOST_NAME =
  /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$/u

const isHostName = (text: string) =>
  Buffer.byteLength(text) <= 255 &&
  text.split('.').every((label) => Buffer.byteLength(label) <= 63) &&
  HOST_NAME.test(text)

/** JavaScript takes the 30th of February for a day of March. */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const at = Date.parse(text)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}

const TIME = /^(\d{2}):(\d{2}):(\d{2})(?:.\d+)?(?:z|[+-]\d{2}:\d{2})$/u

/** Seconds end at 59, and what stands behind another T is not looked at. */
function isDateTime(text: string): boolean {
  const [day = '', time = ''] = text.toLowerCase().split('t', 2)
  const [, hour = '', minute = '', second = ''] = TIME.exec(time) ?? []
  return isDate(day) && hour !== '' && hour <= '23' && minute <= '59' && second <= '59'
}

const GO_DURATION = /^[-+]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/
const AMOUNT = /(?<!\d)(\d+)[\t\n\f\r ]*([A-Za-zµ]+)/g
const UNIT = /^(?:ns|nano.*|us|µs|micro.*|ms|milli.*|s|sec.*|m|min.*|h|hr|hour.*|d|day.*|w|wk|week.*)$/
const MOST = 2n ** 63n - 1n

/** As Go writes it, or any text with an amount of time in it: `about 5 minutes`. */
function isDuration(text: string): boolean {
  if (GO_DURATION.test(text)) return true
  let isOne = false
  for (const [, amount = '', unit = ''] of text.matchAll(AMOUNT)) {
    const digits = amount.replace(/^0+/, '')
    if (digits.length > 19 || BigInt(amount) > MOST) return false
    isOne ||= UNIT.test(unit.toLowerCase())
  }
  return isOne
}

/** `10.0.0.010` too: zeros before a number were once nothing. */
function isSloppyIPv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => /^\d+$/.test(part) && Number(part) <= 255)
}

const isPlainIPv6 = (text: string) => isIPv6(text) && !text.includes('%')

function isRange(text: string): boolean {
  const [, address = '', length = ''] = /^([^/]+)\/(\d+)$/.exec(text) ?? []
  if (length === '') return false
  return isSloppyIPv4(address) ? Number(length) <= 32 : isPlainIPv6(address) && Number(length) <= 128
}

/** Of 6, 8 or 20 bytes, with one sign between them: `00:00:5e:00:53:01`, `0000.5e00.5301`. */
function isHardwareAddress(text: string): boolean {
  const isFormed = /^(?:[\da-f]{2}(?:(:|-)[\da-f]{2}(?:\1[\da-f]{2})*)|[\da-f]{4}(?:\.[\da-f]{4})+)$/i.test(text)
  return isFormed && [6, 8, 20].includes(text.replace(/[^\da-f]/gi, '').length / 2)
}

const CHECKS: Readonly<Record<string, (text: string) => boolean>> = {
  uri: isRequestUri,
  email: isMailAddress,
  hostname: isHostName,
  ipv4: (text) => isSloppyIPv4(text) || (isPlainIPv6(text) && text.includes('.')),
  ipv6: isPlainIPv6,
  cidr: isRange,
  mac: isHardwareAddress,
  date: isDate,
  datetime: isDateTime,
  duration: isDuration,
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  password: () => true,
  k8sshortname: (text) => dnsLabelProblems(text).length === 0,
  k8slongname: (text) => dnsSubdomainProblems(text).length === 0,
}

const normalized = (format: string) => format.replaceAll('-', '')

/** Undefined for formats nobody here knows. */
export function hasFormat(text: string, format: string): boolean | undefined {
  const name = normalized(format)
  if (Object.hasOwn(FORMS, name)) return FORMS[name]?.test(text)
  return Object.hasOwn(CHECKS, name) ? CHECKS[name]?.(text) : undefined
}

/** Is this a format that upstream would not warn of? */
export function isKnownFormat(format: string, type = ''): boolean {
  if (type === 'integer') return format === 'int32' || format === 'int64'
  if (type === 'number') return format === 'float' || format === 'double'
  if (type !== '' && type !== 'string') return false
  const name = normalized(format)
  return Object.hasOwn(FORMS, name) || Object.hasOwn(CHECKS, name)
}
