import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startTestServer } from '../apiserver/testing/test-server.ts'
import { startTestLoops, type TestLoops } from '../controllers/testing/test-loops.ts'
import { Event } from '../kinds/event.ts'
import { Pod } from '../kinds/pod.ts'
import { PriorityClass } from '../kinds/priority-class.ts'
import { reject, SKIP } from './framework.ts'
import { type MakePlugin, runScheduler } from './index.ts'
import { readSchedulerConfiguration } from './scheduler-configuration.ts'

/** What a pod of that label waits for, once it has a node; `once` is refused the next time. */
const waitsFor = (pod: CorePod) => pod.metadata?.labels?.waits

/** Its pods are let go by the test; some of its work does not heed that the pod is gone. */
let letGo: Map<string, () => void>
const slow: MakePlugin = () => {
  const asked = new Set<string>()
  return {
    name: 'Slow',
    permit(_, pod) {
      const name = pod.metadata?.name ?? ''
      if (waitsFor(pod) === 'once' && asked.has(name)) return reject('not again')
      asked.add(name)
      return waitsFor(pod) === 'leave' || waitsFor(pod) === 'once' ? { waitMs: 30_000 } : undefined
    },
    preBindPreFlight: (_, pod) => (waitsFor(pod)?.startsWith('storage') ? undefined : SKIP),
    preBind: (_, pod, __, signal) =>
      waitsFor(pod)?.startsWith('storage')
        ? new Promise((resolve, refuse) => {
            letGo.set(pod.metadata?.name ?? '', resolve)
            if (waitsFor(pod) === 'storage') signal.addEventListener('abort', () => refuse(signal.reason))
          })
        : Promise.resolve(),
    wokenBy: [],
  }
}
const CONFIGURATION = `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- plugins: {multiPoint: {enabled: [{name: Slow}]}}
`

let loops: TestLoops
beforeEach(async () => {
  letGo = new Map()
  const configuration = readSchedulerConfiguration(CONFIGURATION, 'scheduler.yaml')
  loops = await startTestLoops({
    startTestServer,
    runScheduler: (options) => runScheduler({ ...options, configuration, ownPlugins: [slow] }),
  })
  await loops.run()
  await loops.addNode('node-1', { cpu: '1' })
})
afterEach(async () => {
  for (const go of letGo.values()) go()
  await loops[Symbol.asyncDispose]()
})

const namespace = 'default'
const create = (name: string, waits?: string, spec: Partial<CorePod['spec']> = {}) =>
  loops.client.of(Pod).create({
    metadata: { name, namespace, ...(waits ? { labels: { waits } } : {}) },
    spec: { containers: [{ name: 'c', image: 'web:1', resources: { requests: { cpu: '1' } } }], ...spec },
  })
const get = (name: string) => loops.client.of(Pod).get({ namespace, name })
const remove = (name: string) => loops.client.of(Pod).delete({ namespace, name }, { gracePeriodSeconds: 0 })
const nodeOf = async (name: string) => (await get(name)).spec?.nodeName
const nominatedOf = async (name: string) => (await get(name)).status?.nominatedNodeName
const condition = async (name: string) =>
  (await get(name)).status?.conditions?.find(({ type }) => type === 'PodScheduled')

it('says nothing of where a pod is going that is bound at once', async () => {
  await create('web')
  await loops.until('bound', () => nodeOf('web'))
  const told = loops.traces.filter((event) => event.type === 'request' && event.client === 'kube-scheduler')
  expect(told.map((event) => 'subresource' in event && event.subresource)).not.toContain('status')
})

it('says where a pod is going while its plug-ins are busy, until it is there', async () => {
  await create('web', 'storage')
  await loops.until('told', async () => (await nominatedOf('web')) === 'node-1')
  expect(await nodeOf('web')).toBeUndefined()
  await loops.until('busy', () => letGo.has('web'))
  letGo.get('web')?.()
  await loops.until('bound', () => nodeOf('web'))
  expect(await nominatedOf('web')).toBeUndefined()
})

it('says where a pod is going that waits for leave, and no longer when it does not get it', async () => {
  await create('web', 'once')
  await loops.until('told', async () => (await nominatedOf('web')) === 'node-1')
  await loops.until('refused', async () => (await condition('web'))?.message?.includes('timeout'))
  expect(await nominatedOf('web')).toBeUndefined()
  // Nobody is kept out for it.
  await create('other')
  await loops.until('bound', () => nodeOf('other'))
})

it('gives the room of a pod that is deleted before it is bound to others at once', async () => {
  await create('web', 'storage-for-ever')
  await loops.until('busy', () => letGo.has('web'))
  await create('other')
  await loops.until('refused', async () => (await condition('other'))?.reason === 'Unschedulable')
  await remove('web')
  await loops.until('bound', () => nodeOf('other'))
})

it('sends a less important pod that is not bound yet back into the line, and does not delete it', async () => {
  await loops.client.of(PriorityClass).create({ metadata: { name: 'high' }, value: 1000 })
  await create('web', 'storage')
  await loops.until('busy', () => letGo.has('web'))
  await create('urgent', undefined, { priorityClassName: 'high' })
  await loops.until('bound', () => nodeOf('urgent'))
  await loops.until('refused', async () => (await condition('web'))?.reason === 'Unschedulable')
  const { metadata, status } = await get('web')
  expect(metadata?.deletionTimestamp).toBeUndefined()
  expect(status?.nominatedNodeName).toBeUndefined()
  const { items } = await loops.client.of(Event).list({ namespace })
  const messages = (reason: string) => items.filter((event) => event.reason === reason).map(({ message }) => message)
  expect(messages('Preempted')).toEqual([
    expect.stringMatching(/^Preempted by pod \S+ on node node-1 \(in kube-scheduler memory\)\.$/),
  ])
  expect(messages('FailedScheduling')).toContainEqual(expect.stringMatching(/preempted by DefaultPreemption$/))
})

it('keeps a node for a pod that somebody else has promised it to, until that pod is gone', async () => {
  await create('promised', undefined, { nodeSelector: { disk: 'fast' } })
  await loops.until('refused', async () => (await condition('promised'))?.reason === 'Unschedulable')
  await loops.client
    .of(Pod)
    .patch(
      { namespace, name: 'promised' },
      'application/merge-patch+json',
      { status: { nominatedNodeName: 'node-1' } },
      { subresource: 'status' },
    )
  await loops.until('heard', async () => (await nominatedOf('promised')) === 'node-1')
  await create('other')
  await loops.until('refused', async () => (await condition('other'))?.message?.includes('Insufficient cpu'))
  await remove('promised')
  await loops.until('bound', () => nodeOf('other'))
})
