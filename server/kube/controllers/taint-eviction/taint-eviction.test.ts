import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { Event } from '../../kinds/event.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { insist, startTestLoops, type TestLoops } from '../testing/test-loops.ts'
import { tolerationTimeMs } from './toleration-time.ts'

const taint = (key: string) => ({ key, effect: 'NoExecute' })

it.each([
  { name: 'nothing tolerated', taints: ['a'], tolerations: [], ms: 0 },
  {
    name: 'tolerated for ever',
    taints: ['a'],
    tolerations: [{ key: 'a', operator: 'Exists' }],
    ms: Number.POSITIVE_INFINITY,
  },
  {
    name: 'tolerated for a while',
    taints: ['a'],
    tolerations: [{ key: 'a', operator: 'Exists', tolerationSeconds: 30 }],
    ms: 30_000,
  },
  {
    name: 'the shortest of what is needed',
    taints: ['a', 'b'],
    tolerations: [
      { key: 'a', operator: 'Exists', tolerationSeconds: 30 },
      { key: 'b', operator: 'Exists', tolerationSeconds: 10 },
      { key: 'c', operator: 'Exists', tolerationSeconds: 1 },
    ],
    ms: 10_000,
  },
  {
    name: 'as the first that fits says',
    taints: ['a'],
    tolerations: [{ operator: 'Exists' }, { key: 'a', operator: 'Exists', tolerationSeconds: 30 }],
    ms: Number.POSITIVE_INFINITY,
  },
  {
    name: 'a toleration for ages',
    taints: ['a'],
    tolerations: [{ operator: 'Exists', tolerationSeconds: (2n ** 62n) as never }],
    ms: 2 ** 62 * 1000,
  },
  { name: 'one of two not tolerated', taints: ['a', 'b'], tolerations: [{ key: 'a', operator: 'Exists' }], ms: 0 },
  {
    name: 'a toleration of another effect',
    taints: ['a'],
    tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }],
    ms: 0,
  },
  { name: 'less than nothing', taints: ['a'], tolerations: [{ operator: 'Exists', tolerationSeconds: -1 }], ms: 0 },
])('$name', ({ taints, tolerations, ms }) => {
  expect(tolerationTimeMs(taints.map(taint), tolerations)).toBe(ms)
})

describe('against an API server', () => {
  let loops: TestLoops
  beforeEach(async () => {
    loops = await startTestLoops({ startTestServer, runScheduler })
    await loops.addNode('node-1')
    await loops.run(['taint-eviction', 'serviceaccount'])
    loops.kubelets.lingering = true
  })
  afterEach(() => loops[Symbol.asyncDispose]())

  const create = (name: string, tolerationSeconds?: number) =>
    loops.client.of(Pod).create({
      metadata: { name, namespace: 'default' },
      spec: {
        nodeName: 'node-1',
        containers: [{ name: 'c', image: 'web:1' }],
        tolerations: [
          {
            key: 'maintenance',
            operator: 'Exists',
            effect: 'NoExecute',
            ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
          },
          { key: 'rest', operator: 'Exists', effect: 'NoExecute' },
        ],
      },
    })
  const setTaints = (taints: object[] | null) =>
    insist(() => loops.client.of(Node).patch({ name: 'node-1' }, 'application/merge-patch+json', { spec: { taints } }))
  const isGoing = async (name: string) =>
    (await loops.client.of(Pod).get({ namespace: 'default', name })).metadata?.deletionTimestamp !== undefined

  it('lets each pod stay as long as it tolerates, and forgives when the taint goes', async () => {
    await create('patient')
    await create('short', 20)
    await create('long', 100)
    await setTaints([taint('maintenance')])
    await loops.until('counted', () => loops.reconciles('taint-eviction').length >= 3)
    await loops.clock.advance(19_000)
    expect(await isGoing('short')).toBe(false)
    await loops.clock.advance(1000)
    await loops.until('short goes', () => isGoing('short'))
    expect(loops.metrics.text()).toContain('taint_eviction_controller_pod_deletions_total 1')
    expect(loops.metrics.text()).toContain('taint_eviction_controller_pod_deletion_duration_seconds_count 1')
    await setTaints(null)
    await loops.until('forgiven', async () =>
      (await loops.client.of(Event).list()).items.some(
        ({ message }) => message === 'Cancelling deletion of Pod default/long',
      ),
    )
    await loops.clock.advance(200_000)
    expect(await isGoing('long')).toBe(false)
    expect(await isGoing('patient')).toBe(false)
    expect((await loops.client.of(Event).list()).items.map(({ message }) => message)).toContain(
      'Marking for deletion Pod default/short',
    )
  })

  it('does not let a pod stay longer because it is told later to tolerate for longer', async () => {
    await create('short', 20)
    await setTaints([taint('maintenance')])
    await loops.until('counted', () => loops.reconciles('taint-eviction').length >= 1)
    const turns = loops.reconciles('taint-eviction').length
    const { metadata, spec } = await loops.client.of(Pod).get({ namespace: 'default', name: 'short' })
    const tolerations = (spec?.tolerations ?? []).map((one) =>
      one.key === 'maintenance' ? { ...one, tolerationSeconds: 500 } : one,
    )
    await loops.client.of(Pod).update({ metadata, spec: { ...spec!, tolerations } } as never)
    await loops.until('counted anew', () => loops.reconciles('taint-eviction').length > turns)
    const told = loops.clock.now()
    await loops.until('it goes', () => isGoing('short'))
    expect(loops.clock.now() - told).toBeLessThanOrEqual(21_000)
  })

  it('begins anew for one that tolerates for ever what its node was tainted with meanwhile', async () => {
    await create('short', 20)
    const said = (message: string) =>
      loops.until(message, async () =>
        (await loops.client.of(Event).list()).items.some((one) => one.message === message),
      )
    await setTaints([taint('maintenance')])
    await loops.until('counted', () => loops.reconciles('taint-eviction').length >= 1)
    await setTaints([taint('rest')])
    await said('Cancelling deletion of Pod default/short')
    await loops.clock.advance(100_000)
    const turns = loops.reconciles('taint-eviction').length
    await setTaints([taint('maintenance')])
    await loops.until('counted anew', () => loops.reconciles('taint-eviction').length > turns)
    await loops.clock.advance(19_000)
    expect(await isGoing('short')).toBe(false)
    await loops.until('it goes', () => isGoing('short'))
  })
})
