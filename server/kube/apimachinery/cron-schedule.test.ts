import { describe, expect, it } from 'vitest'
import { parseCron } from './cron-schedule.ts'
import { isTimeZone } from './zone-clock.ts'

const next = (schedule: string, after: string, zone?: string) => {
  const found = parseCron(schedule, zone).next(Date.parse(after))
  return found === undefined ? undefined : new Date(found).toISOString().replace('.000Z', 'Z')
}

describe('a schedule', () => {
  it.each([
    ['* * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z'],
    ['* * * * *', '2026-01-01T00:00:59Z', '2026-01-01T00:01:00Z'],
    ['*/15 * * * *', '2026-01-01T00:14:00Z', '2026-01-01T00:15:00Z'],
    ['? * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z'],
    ['*/90 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z'],
    ['20/15 * * * *', '2026-01-01T00:36:00Z', '2026-01-01T00:50:00Z'],
    ['5 4 * * *', '2026-01-01T04:05:00Z', '2026-01-02T04:05:00Z'],
    ['0 0 31 * *', '2026-01-31T00:00:00Z', '2026-03-31T00:00:00Z'],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['0 9 * * mon-fri', '2026-01-02T09:00:00Z', '2026-01-05T09:00:00Z'],
    ['0 0 1,15 jan,FEB *', '2026-01-15T00:00:00Z', '2026-02-01T00:00:00Z'],
    ['@daily', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
    ['@weekly', '2026-01-01T00:00:00Z', '2026-01-04T00:00:00Z'],
    ['@every 1h30m', '2026-01-01T00:00:10Z', '2026-01-01T01:30:10Z'],
  ])('%s after %s is due at %s', (schedule, after, expected) => {
    expect(next(schedule, after)).toBe(expected)
  })

  it('takes either day when both are told, and both when one is a star', () => {
    expect(next('0 0 13 * fri', '2026-02-28T00:00:00Z')).toBe('2026-03-06T00:00:00Z')
    expect(next('0 0 13 * fri', '2026-03-06T00:00:00Z')).toBe('2026-03-13T00:00:00Z')
    expect(next('0 0 13 * *', '2026-03-06T00:00:00Z')).toBe('2026-03-13T00:00:00Z')
  })

  it('is read on the clock of its place', () => {
    expect(next('30 8 * * *', '2026-01-01T00:00:00Z', 'Asia/Kolkata')).toBe('2026-01-01T03:00:00Z')
    expect(next('0 0 1 * *', '2026-01-15T00:00:00Z', 'America/New_York')).toBe('2026-02-01T05:00:00Z')
  })

  it('leaves out what the clock jumps over, and repeats what it repeats', () => {
    const berlin = 'Europe/Berlin'
    expect(next('30 2 * * *', '2026-03-28T02:00:00Z', berlin)).toBe('2026-03-30T00:30:00Z')
    expect(next('30 2 * * *', '2026-10-25T00:00:00Z', berlin)).toBe('2026-10-25T00:30:00Z')
    expect(next('30 2 * * *', '2026-10-25T00:30:00Z', berlin)).toBe('2026-10-25T01:30:00Z')
    expect(next('0 0 * * *', '2026-03-29T03:00:00Z', 'America/Asuncion')).toBe('2026-03-30T03:00:00Z')
  })

  it('is due in the gap of no year, and after many jumps of the clock', () => {
    const berlin = 'Europe/Berlin'
    expect(next('30 2 29 3 *', '2026-03-01T00:00:00Z', berlin)).toBe('2027-03-29T00:30:00Z')
    expect(next('0 3 * * *', '2026-03-29T00:00:00Z', berlin)).toBe('2026-03-29T01:00:00Z')
    expect(next('*/20 2 25 10 *', '2026-10-25T00:40:00Z', berlin)).toBe('2026-10-25T01:00:00Z')
    expect(next('0 12 29 2 *', '2026-01-01T00:00:00Z', berlin)).toBe('2028-02-29T11:00:00Z')
  })

  it('says when there is no such day', () => {
    expect(next('0 0 31 2 *', '2026-01-01T00:00:00Z')).toBe(undefined)
  })

  it.each([
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['99 * * * *', 'end of range (99) above maximum (59): 99'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    ['* * * * 7', 'end of range (7) above maximum (6): 7'],
    ['@often', 'unrecognized descriptor: @often'],
    ['@every day', 'failed to parse duration @every day: time: invalid duration "day"'],
  ])('refuses %s', (schedule, why) => {
    expect(() => parseCron(schedule)).toThrow(why)
  })

  it('knows the places there are', () => {
    expect(isTimeZone('Europe/Berlin')).toBe(true)
    expect(isTimeZone('Europe/Atlantis')).toBe(false)
  })
})
