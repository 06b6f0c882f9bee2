// The formats of texts and numbers that a schema may ask for; others are ignored, as upstream does.
// Upstream: apiextensions-apiserver/pkg/apiserver/validation/formats.go, kube-openapi/pkg/validation/strfmt.

import { isIPv4, isIPv6 } from 'node:net'
import { dnsLabelProblems, dnsSubdomainProblems } from '../../apimachinery/names.ts'

const FORMS: Readonly<Record<string, RegExp>> = {
  bsonobjectid: /^[0-9a-fA-F]{24}$/,
  hostname:
    /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$/u,
  mac: /^([0-9A-Fa-f]{2}[:-]){5}([0-9A-Fa-f]{2}|([0-9A-Fa-f]{2}[:-]){2}[0-9A-Fa-f]{2})$/,
  uuid: /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
  uuid3: /^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
  uuid4: /^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i,
  uuid5: /^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i,
  ssn: /^\d{3}[- ]?\d{2}[- ]?\d{4}$/,
  hexcolor: /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/,
  rgbcolor: /^rgb\(\s*(25[0-5]|2[0-4]\d|1?\d?\d)\s*(,\s*(25[0-5]|2[0-4]\d|1?\d?\d)\s*){2}\)$/,
  byte: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  duration:
    /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)\s*(?:ns|nanos?|nanoseconds?|us|µs|micros?|microseconds?|ms|millis?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))*$|^0$/,
}

/** JavaScript takes the 30th of February for a day of March. */
function isDay(text: string): boolean {
  const at = Date.parse(text)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}

/** `somebody@example.com`, or with a name before. Taken apart by hand: as one pattern it takes the square of the length. */
function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@')
  const open = text.lastIndexOf('<', at)
  if (at < 0 || !/^[^<>\s]+>?$/.test(text.slice(at + 1))) return false
  if (open < 0) return /^[^<>@\s]+$/.test(text.slice(0, at))
  return /^.*$/.test(text.slice(0, open)) && /^[^<>@\s]*$/.test(text.slice(open + 1, at))
}

const CHECKS: Readonly<Record<string, (text: string) => boolean>> = {
  uri: (text) => URL.canParse(text) || (text.startsWith('/') && URL.canParse(text, 'http://host')),
  email: isEmail,
  ipv4: isIPv4,
  ipv6: isIPv6,
  cidr: (text) => {
    const [, address = '', length = '999'] = /^(.+)\/(\d{1,3})$/.exec(text) ?? []
    return (isIPv4(address) && Number(length) <= 32) || (isIPv6(address) && Number(length) <= 128)
  },
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && isDay(text),
  datetime: (text) =>
    /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})$/.test(text) &&
    isDay(text.slice(0, 10)) &&
    !Number.isNaN(Date.parse(text.replace(' ', 'T'))),
  password: () => true,
  k8sshortname: (text) => dnsLabelProblems(text).length === 0,
  k8slongname: (text) => dnsSubdomainProblems(text).length === 0,
}

const normalized = (format: string) => format.replaceAll('-', '')

/** Undefined for formats nobody here knows. */
export function hasFormat(text: string, format: string): boolean | undefined {
  const name = normalized(format)
  return FORMS[name]?.test(text) ?? CHECKS[name]?.(text)
}

const UNCHECKED = new Set(['isbn', 'isbn10', 'isbn13', 'creditcard'])

/** Is this a format that upstream would not warn of? */
export function isKnownFormat(format: string, type = ''): boolean {
  if (type === 'integer') return format === 'int32' || format === 'int64'
  if (type === 'number') return format === 'float' || format === 'double'
  if (type !== '' && type !== 'string') return false
  const name = normalized(format)
  return name in FORMS || name in CHECKS || UNCHECKED.has(name)
}
