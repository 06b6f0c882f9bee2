import { expect, it } from 'vitest'
import { ServiceAccountKeys } from './service-account-keys.ts'

/** Keys by number; those of `held` come when they are let go. */
function maker() {
  const held: { give(): void; fail(): void }[] = []
  let made = 0
  let holds = false
  const make = () =>
    new Promise<string>((resolve, reject) => {
      const key = `key-${++made}`
      const step = { give: () => resolve(key), fail: () => reject(new Error('no primes')) }
      if (holds) held.push(step)
      else step.give()
    })
  const hold = () => {
    holds = true
  }
  return { make, held, hold, made: () => made }
}

const rest = () => new Promise<void>((resolve) => setImmediate(resolve))

it('has as many keys ahead as clusters have been made, and three at most', async () => {
  const { make, made } = maker()
  const keys = new ServiceAccountKeys(make)
  expect(made(), 'nobody has asked yet').toBe(0)
  for (const [taken, ahead] of [1, 2, 3, 3, 3].entries()) {
    await keys.take()
    await rest()
    expect(made() - (taken + 1)).toBe(ahead)
  }
})

it('gives no key twice, however many ask at once', async () => {
  const { make } = maker()
  const keys = new ServiceAccountKeys(make)
  const given = await Promise.all(Array.from({ length: 8 }, () => keys.take()))
  await rest()
  given.push(...(await Promise.all(Array.from({ length: 8 }, () => keys.take()))))
  expect(new Set(given).size).toBe(16)
})

it('lets nobody wait for a key that is not there, and tries again where none could be made', async () => {
  const { make, held, hold } = maker()
  const keys = new ServiceAccountKeys(make)
  await keys.take()
  hold()
  await keys.take()
  await rest()
  const second = keys.take()
  await rest()
  held.shift()!.fail()
  await rest()
  held.shift()!.give()
  expect(await second).toMatch(/^key-/)
  await rest()
  expect(held, 'the next is in the making').toHaveLength(1)
})
