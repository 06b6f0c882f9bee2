import { expect, it } from 'vitest'
import { amountAt, totalUntil, wishesOf } from './wishes.ts'

const P = 'simulated.podium.dev/'

it('a pod that asks for nothing gets what the others get', () => {
  expect(wishesOf({}, 'app')).toEqual({
    startAfterMs: 0,
    exitAfterMs: undefined,
    exitCode: 0,
    cpu: [{ afterMs: 0, amount: 0.001 }],
    memory: [{ afterMs: 0, amount: 4 * 2 ** 20 }],
  })
})

it('what is asked for one container goes before what is asked for all', () => {
  const wishes = { [`${P}exit-after`]: '2m', [`${P}app.exit-after`]: '1.5s', [`${P}start-after`]: '3' }
  expect(wishesOf(wishes, 'app')).toMatchObject({ exitAfterMs: 1500, startAfterMs: 3000 })
  expect(wishesOf(wishes, 'other')).toMatchObject({ exitAfterMs: 120_000, startAfterMs: 3000 })
})

it('usage follows its script', () => {
  const { cpu } = wishesOf({ [`${P}cpu`]: '100m, 900m after 1m, 0 after 90s' }, 'app')
  expect([0, 59_999, 60_000, 89_999, 90_000].map((at) => amountAt(cpu, at))).toEqual([0.1, 0.1, 0.9, 0.9, 0])
  expect([0, 30_000, 60_000, 70_000, 1e6].map((at) => Math.round(totalUntil(cpu, at)))).toEqual([
    0, 3000, 6000, 15_000, 33_000,
  ])
})

it('is done in no time with what goes on and on', () => {
  const { user } = process.cpuUsage()
  expect(() => wishesOf({ [`${P}cpu`]: `1${' '.repeat(250_000)}x` }, 'app')).toThrow('cannot read')
  expect(process.cpuUsage().user - user).toBeLessThan(2e6)
})

it.each([
  ['start-after', 'soon', '5s, 2m or 1h'],
  ['exit-after', '5d', '5s, 2m or 1h'],
  ['exit-code', '256', 'a number from 0 to 255'],
  ['exit-code', '-1', 'a number from 0 to 255'],
  ['cpu', 'much', '250m, or 50m, 900m after 1m'],
  ['cpu', '1, 2', '250m, or 50m, 900m after 1m'],
  ['cpu', '1, 2 after 1m, 3 after 30s', '250m, or 50m, 900m after 1m'],
  ['memory', '-1', '64Mi, or 64Mi, 512Mi after 30s'],
])('says what is wrong with %s: %s', (what, text, example) => {
  expect(() => wishesOf({ [`${P}${what}`]: text }, 'app')).toThrow(
    `annotation ${P}${what}: cannot read "${text}"; write ${example}`,
  )
})
