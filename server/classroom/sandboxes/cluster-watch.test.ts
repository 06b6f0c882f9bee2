import { expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import type { KubeObject } from '../../kube/apimachinery/object-meta.ts'
import { ScriptedTransport } from '../../kube/client/testing/scripted-transport.ts'
import { isReady, podsWith } from '../labs/cluster-view.ts'
import { ClusterWatch } from './cluster-watch.ts'

const nothing = { pods: [] }

const pod = (name: string, revision: number, { ready = true, going = false } = {}): KubeObject =>
  ({
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      labels: { app: 'shop' },
      resourceVersion: String(revision),
      ...(going ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  }) as KubeObject

const shop = (revision: number, rolled: string): KubeObject =>
  ({
    metadata: {
      name: 'shop',
      namespace: 'default',
      uid: 'uid-shop',
      resourceVersion: String(revision),
      annotations: { 'deployment.kubernetes.io/revision': rolled },
    },
  }) as KubeObject

async function watching(listed: Record<string, KubeObject[]>) {
  const transport = new ScriptedTransport()
  for (const list of ['nodes', 'pods', 'deployments', 'replicasets', 'services', 'endpointslices']) {
    transport.answers.push(() => ({ metadata: { resourceVersion: '10' }, items: listed[list] ?? [] }))
  }
  const watch = new ClusterWatch({ transport, clock: new FakeClock(), logger: noLogger, random: () => 0 })
  await watch.synced()
  await settlePromises()
  const feed = (path: string, ...objects: [string, KubeObject][]) =>
    transport.watches
      .find(({ request }) => request.path.endsWith(path))
      ?.feed(...objects.map(([type, object]) => ({ type, object }) as never))
  return { watch, feed }
}

/** What listeners see who are called next. */
const next = <T>(watch: ClusterWatch, look: () => T) =>
  new Promise<T>((resolve) => {
    const listening = watch.onChange(() => {
      listening[Symbol.dispose]()
      resolve(look())
    })
  })

it('shows each moment in the order of revisions, though all are heard in one breath and one list after the other', async () => {
  const { watch, feed } = await watching({ pods: [pod('a', 1), pod('b', 2)], deployments: [shop(3, '1')] })
  using _ = watch
  const seen = next(watch, () => watch.moments(nothing))
  feed(
    '/pods',
    ['MODIFIED', pod('a', 13, { going: true })],
    ['ADDED', pod('c', 12, { ready: false })],
    ['MODIFIED', pod('c', 14)],
    ['DELETED', pod('a', 15, { going: true, ready: false })],
  )
  feed('/deployments', ['MODIFIED', shop(11, '2')])
  const told = (await seen).map((moment) => {
    const rolled = moment.deployments[0]?.metadata?.annotations?.['deployment.kubernetes.io/revision']
    return `revision ${rolled}: ${podsWith(moment, { app: 'shop' }).filter(isReady).length} Ready`
  })
  expect(told).toEqual([
    'revision 1: 2 Ready',
    'revision 2: 2 Ready',
    'revision 2: 2 Ready',
    'revision 2: 1 Ready',
    'revision 2: 2 Ready',
    'revision 2: 2 Ready',
  ])
  await settlePromises()
  expect(watch.moments(nothing)).toHaveLength(1)
})

it('tells all others what one of them stumbles over', async () => {
  const { watch, feed } = await watching({ pods: [pod('a', 1)] })
  using _ = watch
  watch.onChange(() => {
    throw new TypeError('endpoints is not iterable')
  })
  const seen = next(watch, () => watch.view(nothing).pods.length)
  feed('/pods', ['ADDED', pod('b', 11)])
  expect(await seen).toBe(2)
  await settlePromises()
  expect(watch.moments(nothing)).toHaveLength(1)
})

it('shows what was deleted as it was until then', async () => {
  const { watch, feed } = await watching({ pods: [pod('a', 1)] })
  using _ = watch
  const seen = next(watch, () => watch.moments(nothing))
  const again = pod('a', 12)
  feed('/pods', ['DELETED', pod('a', 11)], ['ADDED', { ...again, metadata: { ...again.metadata, uid: 'new' } }])
  const uids = (await seen).map(({ pods }) => pods.map(({ metadata }) => metadata?.uid))
  expect(uids).toEqual([['uid-a'], [], ['new']])
})
