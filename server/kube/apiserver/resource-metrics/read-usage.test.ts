import { expect, it } from 'vitest'
import { readUsage as read } from './read-usage.ts'

const readUsage = (text: string) => read(text, (_namespace, pod) => pod !== 'made-up')

it('reads what a kubelet says, and skips what it does not say whole', () => {
  const text = [
    'node_cpu_usage_seconds_total{',
    '# HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time',
    'node_cpu_usage_seconds_total 12.5 1700000000000',
    'container_memory_working_set_bytes{container="web",namespace="shop",pod="web-1"} 1.5e+06 1700000000001',
    'container_memory_working_set_bytes{container="web",namespace="shop",pod="made-up"} 1 1700000000001',
    'container_memory_working_set_bytes{container="far",namespace="shop",pod="web-1"} 1e400 1700000000001',
    'container_memory_working_set_bytes{container="late",namespace="shop",pod="web-1"} 1 99999999999999999999',
  ].join('\n')
  expect(readUsage(text)).toEqual({
    node: { at: 1_700_000_000_000, cpuSeconds: 12.5, memoryBytes: 0 },
    pods: new Map([
      ['shop/web-1', new Map([['web', { at: 1_700_000_000_001, cpuSeconds: 0, memoryBytes: 1_500_000 }]])],
    ]),
  })
})

it('reads lines without end, and labels without end, once', () => {
  const { user } = process.cpuUsage()
  readUsage('node_cpu_usage_seconds_total{\n'.repeat(15_000))
  readUsage(`container_cpu_usage_seconds_total{${'a'.repeat(200_000)}} 1 1\n`)
  expect(process.cpuUsage().user - user).toBeLessThan(500_000)
})
