import { describe, expect, it } from 'vitest'
import { createCel } from './cel.ts'
import { compileDeviceSelector } from './device.ts'

const device = {
  attributes: {
    model: { string: 'a100' },
    slots: { int: 2 },
    'other.io/fast': { bool: true },
    driverVersion: { version: '1.10.0' },
    modes: { strings: ['a', 'b'] },
  },
  capacity: { memory: { value: '40Gi' } },
}
const asks = (expression: string) => compileDeviceSelector(createCel(), expression).matches('gpus.io', device).matches

describe('a selector of devices', () => {
  it.each([
    ['device.driver == "gpus.io"', true],
    ['device.attributes["gpus.io"].model == "a100" && device.attributes["gpus.io"].slots > 1', true],
    ['device.attributes["other.io"].fast', true],
    ['device.attributes["gpus.io"].driverVersion.isGreaterThan(semver("1.9.3"))', true],
    ['"b" in device.attributes["gpus.io"].modes', true],
    ['device.capacity["gpus.io"].memory.compareTo(quantity("80Gi")) >= 0', false],
    ['device.allowMultipleAllocations', false],
    // Of a domain of which the device has nothing.
    ['"none.io" in device.attributes', false],
    ['"gpus.io" in device.attributes', true],
    ['"model" in device.attributes["none.io"]', false],
    ['device.attributes["none.io"].?model.orValue("x") == "x"', true],
  ])('finds that %s is %s', (expression, expected) => {
    expect(asks(expression)).toBe(expected)
  })

  it('says how to ask for what a device may not have', () => {
    expect(() => asks('device.attributes["none.io"].model == "x"')).toThrow(
      'no such key: model. consider using CEL optional chaining (.? followed by orValue()) or guarding the check with has() for optional fields',
    )
  })

  it('refuses what is no yes or no', () => {
    expect(() => asks('device.attributes["gpus.io"].model')).toThrow(
      'CEL result of type string could not be converted to bool',
    )
  })
})
