// sig-scheduling: who has to go for whom. The tests come one after the other: they share what the nodes have.

import { expect, it } from 'vitest'
import type { Thing, Walk } from './walk.ts'

const RESOURCE = 'scheduling.k8s.io/foo'
const CLASSES = { low: 1, medium: 100, high: 1000 }

export function walkThroughPreemption(walk: () => Walk): void {
  const pod = (name: string, priorityClassName: string, amount: number, node?: string, finalizers: string[] = []) => {
    const resources = { requests: { [RESOURCE]: String(amount) }, limits: { [RESOURCE]: String(amount) } }
    const spec = {
      priorityClassName,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'c', image: 'pause', resources }],
    }
    const selector = node ? { nodeSelector: { 'kubernetes.io/hostname': node } } : {}
    return { metadata: { name, finalizers }, spec: { ...spec, ...selector } }
  }
  const runs = async (n: string, name: string) => {
    const { in: at, ...w } = walk()
    await w.until(`${name} runs`, async () => (await w.get(at(n, `pods/${name}`))).status.phase === 'Running')
  }
  const nodes = ['sim-1', 'sim-2', 'sim-3']

  it('nodes have what somebody says they have, also when only its capacity is told', async () => {
    const w = walk()
    for (const [name, value] of Object.entries(CLASSES)) {
      await w.post('/apis/scheduling.k8s.io/v1/priorityclasses', { metadata: { name }, value })
    }
    for (const node of nodes) {
      const told = node === 'sim-1' ? { allocatable: { [RESOURCE]: '5' } } : {}
      await w.patch(`/api/v1/nodes/${node}/status`, { status: { capacity: { [RESOURCE]: '5' }, ...told } })
    }
    await w.until('all is allocatable', async () =>
      (await w.get('/api/v1/nodes')).items.every(({ status }: Thing) => status.allocatable[RESOURCE] === '5'),
    )
  })

  it.each([
    ['high', 'preemptor'],
    ['system-cluster-critical', 'critical'],
  ])('a pod of priority %s takes the place of the lowest', async (priority, name) => {
    const { in: at, ...w } = walk()
    const n = await w.namespace('sched-preemption')
    for (const node of nodes) {
      await w.post(at(n, 'pods'), pod(`${node}-a`, node === 'sim-1' ? 'low' : 'medium', 2, node))
      await w.post(at(n, 'pods'), pod(`${node}-b`, 'medium', 2, node))
    }
    for (const node of nodes) for (const one of ['a', 'b']) await runs(n, `${node}-${one}`)
    const where = name === 'critical' ? 'kube-system' : n
    await w.post(at(where, 'pods'), pod(name, priority, 2))
    await runs(where, name)
    const left = (await w.get(at(n, 'pods'))).items.map(({ metadata }: Thing) => metadata.name)
    expect(left.filter((one: string) => one.startsWith('sim-'))).toEqual([
      'sim-1-b',
      'sim-2-a',
      'sim-2-b',
      'sim-3-a',
      'sim-3-b',
    ])
    await w.delete(at(where, `pods/${name}`), { gracePeriodSeconds: 0 })
    await w.delete(at(n, 'pods'), { gracePeriodSeconds: 0 })
    await w.until('all have gone', async () => (await w.get(at(n, 'pods'))).items.length === 0)
  })

  it('a pod that had to go is told so', async () => {
    const { in: at, ...w } = walk()
    const n = await w.namespace('sched-preemption')
    await w.post(at(n, 'pods'), pod('victim', 'low', 5, 'sim-1', ['example.com/test-finalizer']))
    await runs(n, 'victim')
    await w.post(at(n, 'pods'), pod('preemptor', 'high', 5, 'sim-1'))
    await runs(n, 'preemptor')
    const { status } = await w.get(at(n, 'pods/victim'))
    const wanted = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }
    expect(status.conditions).toContainEqual(expect.objectContaining(wanted))
    await w.patch(at(n, 'pods/victim'), { metadata: { finalizers: null } })
    await w.refuses(w.get(at(n, 'pods/victim')), 404)
  })
}
