import { describe, expect, it } from 'vitest'
import { parseQuantity } from './quantity.ts'

describe('quantities', () => {
  it.each([
    { text: '1', value: 1, milli: 1000, canonical: '1' },
    { text: '100m', value: 1, milli: 100, canonical: '100m' },
    { text: '0.1', value: 1, milli: 100, canonical: '100m' },
    { text: '1.5', value: 2, milli: 1500, canonical: '1500m' },
    { text: '1Ki', value: 1024, milli: 1_024_000, canonical: '1Ki' },
    { text: '1024Mi', value: 1024 ** 3, milli: 1024 ** 3 * 1000, canonical: '1Gi' },
    { text: '1.5Gi', value: 1.5 * 1024 ** 3, milli: 1.5 * 1024 ** 3 * 1000, canonical: '1536Mi' },
    { text: '1000k', value: 1_000_000, milli: 1e9, canonical: '1M' },
    { text: '1e3', value: 1000, milli: 1e6, canonical: '1e3' },
    { text: '-5', value: -5, milli: -5000, canonical: '-5' },
    { text: '0', value: 0, milli: 0, canonical: '0' },
    { text: '0.5Ki', value: 512, milli: 512_000, canonical: '512' },
    { text: '3n', value: 1, milli: 1, canonical: '3n' },
  ])('reads $text', ({ text, value, milli, canonical }) => {
    const quantity = parseQuantity(text)
    expect(quantity?.value).toBe(value)
    expect(quantity?.milliValue).toBe(milli)
    expect(String(quantity)).toBe(canonical)
  })

  it.each(['', 'abc', '1 Gi', '1GiB', '--1', '.', 'Ki', '1e', '0x10'])('refuses %j', (text) => {
    expect(parseQuantity(text)).toBeUndefined()
  })

  it('compares across forms', () => {
    expect(parseQuantity('1Gi')?.compare(parseQuantity('1G')!)).toBe(1)
    expect(parseQuantity('1000m')?.compare(parseQuantity('1')!)).toBe(0)
  })
})
