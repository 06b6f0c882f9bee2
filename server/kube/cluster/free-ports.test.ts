import { expect, it } from 'vitest'
import { freePorts } from './free-ports.ts'

it('finds ports that are different and promised to nobody', async () => {
  const promised = new Set<number>()
  const ports = await freePorts(3, (port) => promised.size < 2 && promised.add(port).has(port))
  expect(new Set(ports).size).toBe(3)
  expect([...promised].filter((port) => ports.includes(port))).toEqual([])
  expect(promised.size).toBe(2)
})
