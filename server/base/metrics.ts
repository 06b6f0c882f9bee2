// Numbers for Prometheus, in its text form: counters, histograms, and gauges that are read when somebody asks. Each
// cluster has a set of its own, which its components share: what two of them count under one name is one metric.
// Why not a library: docs/decisions/0030-numbers-are-counted-in-place.md.

export type Labels = Readonly<Record<string, string>>

interface Metric {
  help: string
  type: 'counter' | 'gauge' | 'histogram'
  lines(): Iterable<string>
}

type Reading = () => Iterable<readonly [Labels, number]>

export class Metrics {
  readonly #metrics = new Map<string, Metric>()
  readonly #counters = new Map<string, Counter>()
  readonly #histograms = new Map<string, Histogram>()
  readonly #readings = new Map<string, Reading[]>()

  counter(name: string, help: string): Counter {
    return this.#kept(this.#counters, name, () => {
      const counter = new Counter(name)
      this.#metrics.set(name, { help, type: 'counter', lines: () => counter.lines() })
      return counter
    })
  }

  /** `bounds` ascend. */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    return this.#kept(this.#histograms, name, () => {
      const histogram = new Histogram(name, bounds)
      this.#metrics.set(name, { help, type: 'histogram', lines: () => histogram.lines() })
      return histogram
    })
  }

  /** Read when the text is asked for, from each who told how; of the same labels, the last one told counts. */
  gauge(name: string, help: string, reading: Reading): void {
    const readings = this.#kept(this.#readings, name, () => [])
    readings.push(reading)
    this.#metrics.set(name, {
      help,
      type: 'gauge',
      *lines() {
        const values = new Map<string, number>()
        for (const read of readings) for (const [labels, value] of read()) values.set(labelText(labels), value)
        for (const [labels, value] of values) yield line(name, labels, value)
      },
    })
  }

  text(): string {
    const parts: string[] = []
    for (const [name, { help, type, lines }] of this.#metrics) {
      parts.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines())
    }
    return `${parts.join('\n')}\n`
  }

  #kept<T>(all: Map<string, T>, name: string, make: () => T): T {
    const made = all.get(name) ?? make()
    all.set(name, made)
    return made
  }
}

/** One line of a counter. Whoever counts often keeps it. */
export interface Count {
  value: number
}

/** Whoever counts gives the labels in one order always. */
export class Counter {
  readonly #name: string
  readonly #values = new Map<string, Count>()

  constructor(name: string) {
    this.#name = name
  }

  of(labels: Labels): Count {
    const key = labelText(labels)
    let count = this.#values.get(key)
    if (!count) {
      count = { value: 0 }
      this.#values.set(key, count)
    }
    return count
  }

  add(labels: Labels, by = 1): void {
    this.of(labels).value += by
  }

  *lines(): Generator<string> {
    for (const [labels, { value }] of this.#values) yield line(this.#name, labels, value)
  }
}

/** What has been seen under one set of labels. */
export class Series {
  readonly bounds: readonly number[]
  readonly buckets: number[]
  sum = 0
  count = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.buckets = bounds.map(() => 0)
  }

  observe(value: number): void {
    const { bounds, buckets } = this
    let at = 0
    while (at < bounds.length && value > bounds[at]!) at++
    if (at < bounds.length) buckets[at]!++
    this.sum += value
    this.count++
  }
}

export class Histogram {
  readonly #name: string
  readonly #bounds: readonly number[]
  readonly #series = new Map<string, Series>()

  constructor(name: string, bounds: readonly number[]) {
    this.#name = name
    this.#bounds = bounds
  }

  of(labels: Labels): Series {
    const key = labelText(labels)
    let series = this.#series.get(key)
    if (!series) {
      series = new Series(this.#bounds)
      this.#series.set(key, series)
    }
    return series
  }

  observe(labels: Labels, value: number): void {
    this.of(labels).observe(value)
  }

  *lines(): Generator<string> {
    const name = this.#name
    for (const [labels, { buckets, sum, count }] of this.#series) {
      const before = labels ? `${labels},` : ''
      let upTo = 0
      for (const [index, bound] of this.#bounds.entries()) {
        upTo += buckets[index] ?? 0
        yield line(`${name}_bucket`, `${before}le="${bound}"`, upTo)
      }
      yield line(`${name}_bucket`, `${before}le="+Inf"`, count)
      yield line(`${name}_sum`, labels, sum)
      yield line(`${name}_count`, labels, count)
    }
  }
}

const line = (name: string, labels: string, value: number) => `${name}${labels ? `{${labels}}` : ''} ${value}`

const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

function labelText(labels: Labels): string {
  let text = ''
  for (const name in labels) {
    const value = labels[name] ?? ''
    const safe = /[\\"\n]/.test(value) ? value.replace(/[\\"\n]/g, (char) => ESCAPED[char] ?? char) : value
    text += `${text === '' ? '' : ','}${name}="${safe}"`
  }
  return text
}
