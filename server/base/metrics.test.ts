import { expect, it } from 'vitest'
import { Metrics } from './metrics.ts'

it('writes what has been counted, seen and read in Prometheus’ text form', () => {
  const metrics = new Metrics()
  const total = metrics.counter('requests_total', 'Requests.')
  const seconds = metrics.histogram('seconds', 'How long.', [0.1, 1])
  metrics.gauge('open', 'Open now.', () => [[{ kind: 'a' }, 3]])
  total.add({ verb: 'GET', said: 'a "b"\\\n' })
  total.add({ verb: 'GET', said: 'a "b"\\\n' }, 2)
  for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe({}, value)
  expect(metrics.text().split('\n')).toEqual([
    '# HELP requests_total Requests.',
    '# TYPE requests_total counter',
    'requests_total{verb="GET",said="a \\"b\\"\\\\\\n"} 3',
    '# HELP seconds How long.',
    '# TYPE seconds histogram',
    'seconds_bucket{le="0.1"} 2',
    'seconds_bucket{le="1"} 3',
    'seconds_bucket{le="+Inf"} 4',
    'seconds_sum 7.65',
    'seconds_count 4',
    '# HELP open Open now.',
    '# TYPE open gauge',
    'open{kind="a"} 3',
    '',
  ])
})

it('keeps what several components count under one name as one metric', () => {
  const metrics = new Metrics()
  for (const name of ['a', 'b']) {
    metrics.counter('adds_total', 'Added.').add({ name })
    metrics.histogram('seconds', 'How long.', [1]).observe({ name }, 2)
    metrics.gauge('depth', 'Waiting.', () => [[{ name }, 1]])
  }
  expect(
    metrics
      .text()
      .split('\n')
      .filter((line) => !line.startsWith('seconds')),
  ).toEqual([
    '# HELP adds_total Added.',
    '# TYPE adds_total counter',
    'adds_total{name="a"} 1',
    'adds_total{name="b"} 1',
    '# HELP seconds How long.',
    '# TYPE seconds histogram',
    '# HELP depth Waiting.',
    '# TYPE depth gauge',
    'depth{name="a"} 1',
    'depth{name="b"} 1',
    '',
  ])
})
