// `*/5 9-17 * * mon-fri`, `@daily`, `@every 1h30m`: when a CronJob is due. Five fields, minutes first.
//
// Kubernetes reads them with github.com/robfig/cron, whose words are what a person sees: so fields are read here. The
// calendar is croner's, on a clock without jumps; the jumps are Kubernetes' own way (zone-clock.ts).

import { Cron } from 'croner'
import { nextOnClock } from './zone-clock.ts'

interface Bounds {
  min: number
  max: number
  names?: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const FIELDS: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: DAYS },
]
const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

export interface CronSchedule {
  /** The first time after `afterMs`; undefined when there is none. */
  next(afterMs: number): number | undefined
}

/** `timeZone` is an IANA name that has been looked at with isTimeZone. Throws an Error that says what is wrong. */
export function parseCron(text: string, timeZone = 'UTC'): CronSchedule {
  if (text === '') throw new Error('empty spec string')
  if (text.startsWith('@every ')) return everySchedule(text)
  if (text.startsWith('@') && !DESCRIPTORS[text]) throw new Error(`unrecognized descriptor: ${text}`)
  const fields = (DESCRIPTORS[text] ?? text).trim().split(/\s+/)
  if (fields.length !== FIELDS.length) {
    throw new Error(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`)
  }
  const pattern = fields.map((field, index) => plainField(field, FIELDS[index]!))
  // A field of nothing but commas is no mistake to Kubernetes; it is never due.
  if (pattern.includes('')) return { next: () => undefined }
  const calendar = new Cron(pattern.join(' '), { mode: '5-part', utcOffset: 0 })
  return { next: (afterMs) => nextOnClock(timeZone, afterMs, (at) => calendar.nextRun(new Date(at))?.getTime()) }
}

/** The numbers one by one, or a star: that one does not count when days of the month and of the week are weighed. */
function plainField(text: string, bounds: Bounds): string {
  const values = new Set<number>()
  let isStar = false
  for (const part of text.split(',').filter((piece) => piece !== '')) {
    const range = parseRange(part, bounds)
    isStar ||= range.isStar
    for (let value = range.from; value <= range.to; value += range.step) values.add(value)
  }
  return isStar ? '*' : [...values].join(',')
}

function parseRange(text: string, bounds: Bounds) {
  const [range = '', step, ...moreSteps] = text.split('/')
  const [low = '', high, ...moreEnds] = range.split('-')
  const isStar = low === '*' || low === '?'
  const from = isStar ? bounds.min : parseValue(low, bounds)
  let to = isStar ? bounds.max : from
  if (!isStar && high !== undefined) {
    if (moreEnds.length > 0) throw new Error(`too many hyphens: ${text}`)
    to = parseValue(high, bounds)
  }
  if (moreSteps.length > 0) throw new Error(`too many slashes: ${text}`)
  const by = step === undefined ? 1 : parseNumber(step)
  if (step !== undefined && !isStar && high === undefined) to = bounds.max
  if (from < bounds.min) throw new Error(`beginning of range (${from}) below minimum (${bounds.min}): ${text}`)
  if (to > bounds.max) throw new Error(`end of range (${to}) above maximum (${bounds.max}): ${text}`)
  if (from > to) throw new Error(`beginning of range (${from}) beyond end of range (${to}): ${text}`)
  if (by === 0) throw new Error(`step of range should be a positive number: ${text}`)
  return { from, to, step: by, isStar: isStar && by === 1 }
}

function parseValue(text: string, { names = [], min }: Bounds): number {
  const named = names.indexOf(text.toLowerCase())
  return named >= 0 ? named + min : parseNumber(text)
}

function parseNumber(text: string): number {
  if (!/^[-+]?\d+$/.test(text)) {
    throw new Error(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  const value = Number(text)
  if (value < 0) throw new Error(`negative number (${value}) not allowed: ${text}`)
  return value
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

function everySchedule(text: string): CronSchedule {
  const duration = text.slice('@every '.length)
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(duration)) {
    throw new Error(`failed to parse duration ${text}: time: invalid duration ${JSON.stringify(duration)}`)
  }
  let everyMs = 0
  for (const [, amount, unit = ''] of duration.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    everyMs += Number(amount) * (UNIT_MS[unit] ?? 0)
  }
  const whole = Math.max(1, Math.floor(everyMs / 1000)) * 1000
  return { next: (afterMs) => Math.floor(afterMs / 1000) * 1000 + whole }
}
