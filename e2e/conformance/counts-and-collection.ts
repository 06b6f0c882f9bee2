// sig-api-machinery: what a ResourceQuota counts, and what becomes of dependents.

import { expect, it } from 'vitest'
import { type Thing, template, type Walk } from './walk.ts'

const HARD = {
  pods: '5',
  services: '10',
  'services.nodeports': '1',
  resourcequotas: '1',
  cpu: '1',
  memory: '500Mi',
  'ephemeral-storage': '50Gi',
  'count/replicasets.apps': '5',
  'requests.example.com/dongle': '3',
}

export function walkThroughQuotas(walk: () => Walk): void {
  const used = async (n: string, quota: string, wanted: Record<string, string>) => {
    const { in: at, ...w } = walk()
    await w.until(`${quota} ${JSON.stringify(wanted)}`, async () => {
      const { status } = await w.get(at(n, `resourcequotas/${quota}`))
      return Object.entries(wanted).every(([name, amount]) => status.used?.[name] === amount)
    })
  }
  // Nobody places these pods: only what they ask for counts.
  const pod = (name: string, resources: object, more: object = {}) => ({
    metadata: { name },
    spec: { nodeSelector: { unsatisfiable: 'yes' }, containers: [{ name: 'c', image: 'pause', resources }], ...more },
  })

  it('a quota captures the life of Services and Pods', async () => {
    const { in: at, ...w } = walk()
    const n = await w.namespace('resourcequota')
    await w.post(at(n, 'resourcequotas'), { metadata: { name: 'quota' }, spec: { hard: HARD } })
    await used(n, 'quota', { resourcequotas: '1' })
    const service = (name: string, type: string, more: object = {}) =>
      w.post(at(n, 'services'), { metadata: { name }, spec: { type, ports: [{ port: 80 }], ...more } })
    await service('plain', 'ClusterIP')
    await service('node', 'NodePort')
    await w.refuses(service('lb', 'LoadBalancer', { allocateLoadBalancerNodePorts: true }), 403, /exceeded quota/)
    await used(n, 'quota', { services: '2', 'services.nodeports': '1' })
    for (const name of ['plain', 'node']) await w.delete(at(n, `services/${name}`))
    await used(n, 'quota', { services: '0', 'services.nodeports': '0' })

    const dongle = { 'example.com/dongle': '2' }
    const requests = { cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', ...dongle }
    await w.post(at(n, 'pods'), pod('fits', { requests, limits: dongle }))
    const charged = { pods: '1', cpu: '500m', memory: '252Mi', 'requests.example.com/dongle': '2' }
    await used(n, 'quota', charged)
    const tooMuch = pod('no', { requests: { cpu: '600m', memory: '100Mi' } })
    await w.refuses(w.post(at(n, 'pods'), tooMuch), 403, /exceeded quota/)
    await w.refuses(w.post(at(n, 'pods'), pod('no', { requests, limits: dongle })), 403, /exceeded quota/)
    const less = ({ spec }: Thing) => {
      spec.containers[0].resources.requests = { cpu: '100m', memory: '100Mi' }
    }
    await w.refuses(w.change(at(n, 'pods/fits'), less), 422)
    await used(n, 'quota', charged)
    await w.delete(at(n, 'pods/fits'), { gracePeriodSeconds: 0 })
    await used(n, 'quota', { pods: '0', cpu: '0', memory: '0', 'requests.example.com/dongle': '0' })
  })

  it('a quota counts what is in its scope', async () => {
    const { in: at, ...w } = walk()
    const n = await w.namespace('resourcequota')
    for (const scope of ['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort']) {
      const metadata = { name: scope.toLowerCase() }
      await w.post(at(n, 'resourcequotas'), { metadata, spec: { hard: { pods: '5' }, scopes: [scope] } })
      await used(n, metadata.name, { pods: '0' })
    }
    const resources = { requests: { cpu: '500m' }, limits: { cpu: '1' } }
    await w.post(at(n, 'pods'), pod('lasting', resources))
    await w.post(at(n, 'pods'), pod('ending', {}, { activeDeadlineSeconds: 3600 }))
    for (const scope of ['terminating', 'notterminating', 'besteffort', 'notbesteffort'])
      await used(n, scope, { pods: '1' })
    await w.delete(at(n, 'pods/ending'), { gracePeriodSeconds: 0 })
    for (const scope of ['terminating', 'besteffort']) await used(n, scope, { pods: '0' })
  })

  it('a quota’s status is people’s to write, and counted again', async () => {
    const { in: at, ...w } = walk()
    const n = await w.namespace('resourcequota')
    const path = at(n, 'resourcequotas/quota')
    await w.post(at(n, 'resourcequotas'), {
      metadata: { name: 'quota' },
      spec: { hard: { cpu: '500m', memory: '500Mi' } },
    })
    await w.until('it is counted', async () => (await w.get(path)).status.hard)
    await w.patch(path, { spec: { hard: { cpu: '1', memory: '1Gi' } } }, 'strategic')
    await w.until('it is counted anew', async () => (await w.get(path)).status.hard.cpu === '1')
    const hard = { cpu: '2', memory: '2Gi' }
    expect((await w.patch(`${path}/status`, { status: { hard } }, 'strategic')).status.hard).toEqual(hard)
    expect((await w.get(path)).spec.hard).toEqual({ cpu: '1', memory: '1Gi' })
  })
}

export function walkThroughCollection(walk: () => Walk): void {
  const controller = async (n: string, name: string, replicas: number) => {
    const { in: at, ...w } = walk()
    const labels = { gctest: name }
    const spec = { replicas, selector: labels, template: template(labels) }
    const { metadata } = await w.post(at(n, 'replicationcontrollers'), { metadata: { name }, spec })
    const path = at(n, `replicationcontrollers/${name}`)
    await w.until('its pods', async () => ((await w.get(path)).status.replicas ?? 0) === replicas)
    return { path, uid: metadata.uid as string }
  }
  const left = async (n: string, ...resources: string[]) => {
    const { in: at, ...w } = walk()
    return Promise.all(resources.map(async (one) => (await w.get(at(n, one))).items))
  }

  it.each([
    ['Background', 0],
    ['Foreground', 0],
    ['Orphan', 10],
  ])('dependents of what is deleted by the policy %s', async (propagationPolicy, pods) => {
    const { in: _at, ...w } = walk()
    const n = await w.namespace('gc')
    const { path, uid } = await controller(n, 'simpletest', 10)
    await w.delete(path, { propagationPolicy, preconditions: { uid } })
    await w.until('it has gone', async () => {
      const [controllers = [], dependents = []] = await left(n, 'replicationcontrollers', 'pods')
      return controllers.length === 0 && (propagationPolicy !== 'Background' || dependents.length === 0)
    })
    // In the foreground they go before it, so that none is left by now.
    const [dependents = []] = await left(n, 'pods')
    expect(dependents).toHaveLength(pods)
    expect(dependents.flatMap(({ metadata }: Thing) => metadata.ownerReferences ?? [])).toEqual([])
  })

  it('leaves what another owner keeps, and is not caught in a circle', async () => {
    const { in: at, ...w } = walk()
    const n = await w.namespace('gc')
    const going = await controller(n, 'going', 6)
    const staying = await controller(n, 'staying', 0)
    const [pods = []] = await left(n, 'pods')
    const reference = { apiVersion: 'v1', kind: 'ReplicationController', name: 'staying', uid: staying.uid }
    for (const { metadata } of pods.slice(0, 3)) {
      await w.patch(at(n, `pods/${metadata.name}`), { metadata: { ownerReferences: [reference] } }, 'strategic')
    }
    await w.delete(going.path, { propagationPolicy: 'Foreground', preconditions: { uid: going.uid } })
    await w.until('half is left', async () => {
      const [controllers = [], dependents = []] = await left(n, 'replicationcontrollers', 'pods')
      return controllers.length === 1 && dependents.length === 3
    })
    const [kept = []] = await left(n, 'pods')
    for (const { metadata } of kept) expect(metadata.ownerReferences).toMatchObject([{ name: 'staying' }])

    const made: Thing[] = []
    for (const name of ['pod1', 'pod2', 'pod3']) {
      made.push(await w.post(at(n, 'pods'), { metadata: { name }, spec: template({}).spec }))
    }
    for (const [index, { metadata }] of made.entries()) {
      const { name, uid } = made[(index + 2) % 3].metadata
      const owner = { apiVersion: 'v1', kind: 'Pod', name, uid, controller: true, blockOwnerDeletion: true }
      await w.patch(at(n, `pods/${metadata.name}`), { metadata: { ownerReferences: [owner] } }, 'strategic')
    }
    await w.delete(at(n, 'pods/pod1'), { propagationPolicy: 'Foreground' })
    await w.until('the circle is gone', async () => (await left(n, 'pods'))[0]?.length === 3)
  })
}
