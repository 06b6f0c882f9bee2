import { describe, expect, it } from 'vitest'
import { addressesOfSlot, choosePool, overlaps, POOL_CANDIDATES, slotsIn } from './address-pool.ts'

describe('choosing a pool', () => {
  it('takes the first candidate that nothing on the host overlaps', () => {
    expect(choosePool(POOL_CANDIDATES, ['192.0.2.0/24'])).toBe('10.160.0.0/12')
    expect(choosePool(POOL_CANDIDATES, ['10.163.7.0/24', '192.0.2.0/24'])).toBe('10.208.0.0/12')
  })

  it('sees a route that contains a candidate as well as one inside it', () => {
    expect(choosePool(POOL_CANDIDATES, ['10.0.0.0/8'])).toBe('172.24.0.0/13')
  })

  it('says which ranges it tried when none is free', () => {
    expect(() => choosePool(['10.160.0.0/12'], ['0.0.0.0/0'])).toThrow('10.160.0.0/12 are in use')
  })

  it.each(POOL_CANDIDATES)('keeps %s clear of the default pod and service ranges', (pool) => {
    for (const cluster of ['10.244.0.0/16', '10.96.0.0/12']) expect(overlaps(pool, cluster)).toBe(false)
  })
})

describe('slots', () => {
  it('holds far more than 256 learners in the first pool', () => {
    expect(slotsIn('10.160.0.0/12')).toBe(4096)
  })

  it('puts gateway, machines and terminals of a slot into its own /24', () => {
    const slot = addressesOfSlot('10.160.0.0/12', 300)
    expect(slot).toMatchObject({ subnet: '10.161.44.0/24', gateway: '10.161.44.1', dynamicRange: '10.161.44.224/27' })
    expect(slot.machineAddress(1)).toBe('10.161.44.12')
    expect(() => slot.machineAddress(211)).toThrow('no address for machine 211')
  })

  it('never gives two slots a common uid, nor one above 2^31', () => {
    let previousEnd = 0
    for (let slot = 0; slot < slotsIn('10.160.0.0/12'); slot++) {
      const { uidBase } = addressesOfSlot('10.160.0.0/12', slot)
      expect(uidBase).toBeGreaterThanOrEqual(previousEnd)
      previousEnd = uidBase + 65_536
    }
    expect(previousEnd).toBeLessThanOrEqual(2 ** 31)
  })

  it('refuses a slot outside its pool', () => {
    expect(() => addressesOfSlot('192.168.128.0/17', 128)).toThrow('no slot 128')
  })
})
