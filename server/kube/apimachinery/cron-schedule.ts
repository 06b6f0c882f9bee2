// `*/5 9-17 * * mon-fri`, `@daily`, `@every 1h30m`: when a CronJob is due. Five fields, minutes first.
//
// Kubernetes reads them with github.com/robfig/cron, whose words are what a person sees, and whose way with clocks that
// are put forward (what falls into the gap is left out) and back (it comes twice) is kept here.

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
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const YEARS_AHEAD = 5

export interface CronSchedule {
  /** The first time after `afterMs`; undefined when there is none within five years. */
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
  const parsed = fields.map((field, index) => parseField(field, FIELDS[index]!))
  return new FieldSchedule(parsed, zoneOf(timeZone))
}

export function isTimeZone(name: string): boolean {
  try {
    zoneOf(name)
    return true
  } catch {
    return false
  }
}

interface Field {
  values: ReadonlySet<number>
  /** Written as a star: then it does not count when days of the month and of the week are weighed. */
  isStar: boolean
}

function parseField(text: string, bounds: Bounds): Field {
  const values = new Set<number>()
  let isStar = false
  for (const part of text.split(',').filter((piece) => piece !== '')) {
    const range = parseRange(part, bounds)
    isStar ||= range.isStar
    for (let value = range.from; value <= range.to; value += range.step) values.add(value)
  }
  return { values, isStar }
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

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: MINUTE_MS, h: HOUR_MS }

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

class FieldSchedule implements CronSchedule {
  readonly #fields: readonly Field[]
  readonly #zone: Zone

  constructor(fields: readonly Field[], zone: Zone) {
    this.#fields = fields
    this.#zone = zone
  }

  next(afterMs: number): number | undefined {
    const zone = this.#zone
    const [minutes, hours, , months] = this.#fields as [Field, Field, Field, Field]
    let at = (Math.floor(afterMs / MINUTE_MS) + 1) * MINUTE_MS
    const lastYear = zone.localTime(at).year + YEARS_AHEAD
    for (;;) {
      const local = zone.localTime(at)
      if (local.year > lastYear) return undefined
      if (!months.values.has(local.month)) at = zone.startOfDay(local.year, local.month + 1, 1, at)
      else if (!this.#isDay(local)) at = zone.startOfDay(local.year, local.month, local.day + 1, at)
      else if (!hours.values.has(local.hour)) at += HOUR_MS - local.minute * MINUTE_MS
      else if (!minutes.values.has(local.minute)) at += MINUTE_MS
      else return at
    }
  }

  #isDay({ day, weekday }: LocalTime): boolean {
    const [, , days, , weekdays] = this.#fields as [Field, Field, Field, Field, Field]
    const [isDay, isWeekday] = [days.values.has(day), weekdays.values.has(weekday)]
    return days.isStar || weekdays.isStar ? isDay && isWeekday : isDay || isWeekday
  }
}

interface LocalTime {
  year: number
  /** 1 is January. */
  month: number
  day: number
  hour: number
  minute: number
  weekday: number
}

interface Zone {
  localTime(at: number): LocalTime
  /** The first moment of a day, which is after `at`; months and days may run over. */
  startOfDay(year: number, month: number, day: number, at: number): number
}

/** Throws when nobody knows the name. */
function zoneOf(timeZone: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  const localTime = (at: number): LocalTime => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = parts
    return { year, month, day, hour, minute, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() }
  }
  const offsetAt = (at: number): number => {
    const { year, month, day, hour, minute } = localTime(at)
    return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(at / MINUTE_MS) * MINUTE_MS
  }
  return {
    localTime,
    startOfDay(year, month, day, at) {
      const midnight = Date.UTC(year, month - 1, day)
      // With the clock as it is before that midnight; where it is put forward just then, the day begins an hour later.
      let found = midnight - offsetAt(midnight - offsetAt(midnight))
      while (localTime(found).day !== new Date(midnight).getUTCDate()) found += 15 * MINUTE_MS
      return Math.max(found, at + MINUTE_MS)
    },
  }
}
