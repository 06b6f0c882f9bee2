// Amounts of resources: `100m`, `64Mi`, `1.5`, `2e3`. Exact, in thousandths of a thousandth (nano), as big integers.
// Upstream: apimachinery/pkg/api/resource/quantity.go.

const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const DECIMAL: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const NANO = 1_000_000_000n
const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d+))?$/

export class Quantity {
  /** Rounded up to whole nanos. */
  readonly nanos: bigint
  readonly form: 'binary' | 'decimal' | 'exponent'

  constructor(nanos: bigint, form: Quantity['form']) {
    this.nanos = nanos
    this.form = form
  }

  /** Whole units, rounded up: bytes of memory. */
  get value(): number {
    return Number(ceilDivide(this.nanos, NANO))
  }

  /** Thousandths, rounded up: what CPU is counted in. */
  get milliValue(): number {
    return Number(ceilDivide(this.nanos, 1_000_000n))
  }

  get number(): number {
    return Number(this.nanos) / 1e9
  }

  compare(other: Quantity): number {
    return this.nanos < other.nanos ? -1 : this.nanos > other.nanos ? 1 : 0
  }

  /** The canonical text: no fraction, the largest suffix that loses nothing. */
  toString(): string {
    if (this.nanos === 0n) return '0'
    const sign = this.nanos < 0n ? '-' : ''
    const nanos = this.nanos < 0n ? -this.nanos : this.nanos
    // Binary amounts below 1024 or with a fraction are written as decimal ones, as upstream does.
    if (this.form === 'binary' && nanos % NANO === 0n && nanos / NANO >= 1024n) {
      let whole = nanos / NANO
      let suffix = 0
      while (whole % 1024n === 0n && suffix < BINARY.length - 1) {
        whole /= 1024n
        suffix++
      }
      return `${sign}${whole}${BINARY[suffix]}`
    }
    let amount = nanos
    let exponent = -9
    while (amount % 1000n === 0n && exponent < 18) {
      amount /= 1000n
      exponent += 3
    }
    if (this.form === 'exponent' && exponent > 0) return `${sign}${amount}e${exponent}`
    const suffix = Object.keys(DECIMAL).find((key) => DECIMAL[key] === exponent)
    return `${sign}${amount}${suffix}`
  }
}

function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  return dividend % divisor > 0n ? quotient + 1n : quotient
}

/** Undefined when the text is no quantity. */
export function parseQuantity(text: string | number): Quantity | undefined {
  const match = FORM.exec(String(text))
  if (!match) return undefined
  const [, sign = '', whole = '', fraction = '', binary, decimal, exponent] = match
  if (whole === '' && fraction === '') return undefined
  const digits = BigInt(whole + fraction || '0')
  const scale = fraction.length
  let nanos: bigint
  if (binary) nanos = scaled(digits * 1024n ** BigInt(BINARY.indexOf(binary)), 9 - scale)
  else nanos = scaled(digits, 9 - scale + (exponent === undefined ? (DECIMAL[decimal ?? ''] ?? 0) : Number(exponent)))
  return new Quantity(
    sign === '-' ? -nanos : nanos,
    binary ? 'binary' : exponent === undefined ? 'decimal' : 'exponent',
  )
}

function scaled(digits: bigint, exponent: number): bigint {
  return exponent >= 0
    ? digits * 10n ** BigInt(Math.min(exponent, 60))
    : ceilDivide(digits, 10n ** BigInt(Math.min(-exponent, 60)))
}

/** For code that reads validated objects: 0 for what is absent. */
export function quantityOf(text: string | number | undefined): Quantity {
  const parsed = text === undefined ? undefined : parseQuantity(text)
  return parsed ?? new Quantity(0n, 'decimal')
}
