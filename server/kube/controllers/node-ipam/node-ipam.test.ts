import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { Node } from '../../kinds/node.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'
import { CidrRange } from './cidr-range.ts'

describe('a range', () => {
  it.each([
    { cidr: '10.244.0.0/16', index: 0, part: '10.244.0.0/24' },
    { cidr: '10.244.0.0/16', index: 255, part: '10.244.255.0/24' },
    { cidr: '10.0.0.0/8', index: 256, part: '10.1.0.0/24' },
    { cidr: '192.168.7.9/22', index: 3, part: '192.168.7.0/24' },
    { cidr: 'fd00:10:244::/56', index: 0, part: 'fd00:10:244::/64', bits: 64 },
    { cidr: 'fd00:10:244::/56', index: 255, part: 'fd00:10:244:ff::/64', bits: 64 },
    { cidr: '255.0.0.0/8', index: 65535, part: '255.255.255.0/24' },
  ])('$cidr has $part as number $index', ({ cidr, index, part, bits = 24 }) => {
    expect(new CidrRange(cidr, bits).at(index)).toBe(part)
  })
  it.each(['10.0.0.0', '10.0.0.0/25', '300.0.0.0/8', 'fd00::/64'])('%s is refused', (cidr) => {
    expect(() => new CidrRange(cidr, 24)).toThrow(`cannot cut "${cidr}"`)
  })
  it('is exhausted when all parts are taken', () => {
    const range = new CidrRange('10.0.0.0/23', 24)
    expect(range.firstFree((part) => part === '10.0.0.0/24')).toBe(1)
    expect(range.firstFree((part) => part === '10.0.1.0/24', 1)).toBe(0)
    expect(range.firstFree(() => true)).toBeUndefined()
  })
})

describe('against an API server', () => {
  let loops: TestLoops
  beforeEach(async () => {
    loops = await startTestLoops({ startTestServer, runScheduler })
  })
  afterEach(() => loops[Symbol.asyncDispose]())
  const ranges = async () => (await loops.client.of(Node).list()).items.map(({ spec }) => spec?.podCIDR)

  it('gives every node a range of its own, and a range that was given back to the next', async () => {
    await Promise.all(Array.from({ length: 4 }, (_, index) => loops.addNode(`node-${index}`)))
    // What it gives out it does not hear of until later.
    loops.news.hold('nodes')
    await loops.run(['node-ipam'], { clusterCidr: '10.0.0.0/22' })
    await loops.until('4 ranges', async () => (await ranges()).every(Boolean))
    loops.news.release('nodes')
    expect((await ranges()).sort()).toEqual(['10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24', '10.0.3.0/24'])
    await loops.addNode('late')
    await loops.until('refused', () =>
      loops.reconciles('node-ipam').some(({ key, seen }) => key === 'late' && seen?.startsWith('all 4 ranges')),
    )
    const [first] = (await loops.client.of(Node).list()).items
    await loops.client.of(Node).delete({ name: first?.metadata?.name ?? '' })
    await loops.until('given', async () => (await ranges()).every(Boolean))
    expect(new Set(await ranges()).size).toBe(4)
  })

  it('looks no more at a node that has its range, whatever that reports', async () => {
    await loops.addNode('node-1')
    await loops.run(['node-ipam'], { clusterCidr: '10.0.0.0/22' })
    await loops.until('a range', async () => (await ranges()).every(Boolean))
    await loops.clock.advance(1_000)
    const turns = () => /^workqueue_work_duration_seconds_count\{.*\} (.*)$/m.exec(loops.metrics.text())?.[1]
    const before = turns()
    for (let at = 0; at < 5; at++) {
      const status = { images: [{ names: [`web:${at}`], sizeBytes: 1 }] }
      await loops.client
        .of(Node)
        .patch({ name: 'node-1' }, 'application/merge-patch+json', { status }, { subresource: 'status' })
      await loops.clock.advance(1_000)
    }
    expect(turns()).toBe(before)
  })

  it('gives the part with the same number of a second family', async () => {
    await loops.addNode('one')
    await loops.addNode('two')
    await loops.run(['node-ipam'], { clusterCidr: '10.244.0.0/23,fd00:10:244::/56' })
    await loops.until('both have both', async () => {
      const { items } = await loops.client.of(Node).list()
      return items.every(({ spec }) => spec?.podCIDRs?.length === 2)
    })
    const { items } = await loops.client.of(Node).list()
    expect(items.map(({ spec }) => spec?.podCIDRs).sort()).toEqual([
      ['10.244.0.0/24', 'fd00:10:244::/64'],
      ['10.244.1.0/24', 'fd00:10:244:1::/64'],
    ])
  })

  it('gives parts of IPv6 where there is nothing else', async () => {
    await loops.addNode('one')
    await loops.addNode('two')
    await loops.run(['node-ipam'], { clusterCidr: 'fd00:10:244::/56' })
    await loops.until('both have one', async () => (await ranges()).every(Boolean))
    expect((await ranges()).sort()).toEqual(['fd00:10:244:1::/64', 'fd00:10:244::/64'])
  })
})
