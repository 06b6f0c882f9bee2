// sig-apps: Deployments, ReplicaSets, ReplicationControllers, StatefulSets and DaemonSets.

import { expect, it } from 'vitest'
import { isReady, type Thing, template, type Walk } from './walk.ts'

const REVISION = 'deployment.kubernetes.io/revision'

export function walkThroughWorkloads(walk: () => Walk): void {
  it.each([
    ['apps/deployments', { strategy: { type: 'RollingUpdate' } }],
    ['apps/replicasets', {}],
    ['apps/statefulsets', { serviceName: 'test' }],
    ['apps/daemonsets', undefined],
    ['replicationcontrollers', {}],
  ])('%s have a status and a scale of their own', async (resource, spec) => {
    const { in: at, ...w } = walk()
    const n = await w.namespace('status')
    const labels = { e2e: 'testing' }
    const selector = resource === 'replicationcontrollers' ? labels : { matchLabels: labels }
    const replicas = spec ? { replicas: 1 } : {}
    const metadata = { name: 'one', labels }
    await w.post(at(n, resource), { metadata, spec: { ...replicas, ...spec, selector, template: template(labels) } })
    const path = at(n, `${resource}/one`)
    await w.until('it runs', async () => (({ status: s }) => s.numberReady || s.readyReplicas)(await w.get(path)))
    const condition = (type: string) => ({ type, status: 'True', reason: 'E2E', message: 'Set from e2e test' })
    const types = ({ status }: Thing) => status.conditions.map(({ type }: Thing) => type)
    const add = ({ status }: Thing) => {
      status.conditions = [...(status.conditions ?? []), condition('StatusUpdate')]
    }
    expect(types(await w.change(path, add, '/status'))).toContain('StatusUpdate')
    expect(types(await w.patch(`${path}/status`, { status: { conditions: [condition('StatusPatched')] } }))).toContain(
      'StatusPatched',
    )
    if (spec) {
      const scale = await w.get(`${path}/scale`)
      expect(scale).toMatchObject({
        kind: 'Scale',
        spec: { replicas: 1 },
        status: { replicas: 1, selector: 'e2e=testing' },
      })
      const unconditional = { ...scale, metadata: { ...scale.metadata, resourceVersion: '' }, spec: { replicas: 2 } }
      expect((await w.put(`${path}/scale`, unconditional)).spec.replicas).toBe(2)
      await w.patch(`${path}/scale`, { spec: { replicas: 3 } }, 'strategic')
      expect((await w.get(path)).spec.replicas).toBe(3)
    }
    await w.delete(at(n, resource), { propagationPolicy: 'Background' }, { labelSelector: 'e2e=testing' })
    await w.until('all has gone', async () => (await w.get(at(n, 'pods'))).items.length === 0)
  })

  it('a Deployment runs through its life: unknown fields are warned of, and a status brings no labels', async () => {
    const { in: at, ...w } = walk()
    const n = await w.namespace('deployment')
    const labels = { 'test-deployment-static': 'true' }
    const path = at(n, 'apps/deployments/test')
    await w.post(at(n, 'apps/deployments'), {
      metadata: { name: 'test', labels },
      spec: { replicas: 2, selector: { matchLabels: labels }, template: template(labels) },
    })
    const ready = (count: number, image: string) =>
      w.until(`${count} of ${image}`, async () => {
        const { status, spec } = await w.get(path)
        return status.readyReplicas === count && spec.template.spec.containers[0].image === image
      })
    await ready(2, 'httpd:1')
    const spec = { TerminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'pause' }] }
    await w.patch(
      path,
      { metadata: { labels: { test: 'patched' } }, spec: { replicas: 1, template: { spec } } },
      'strategic',
    )
    await ready(1, 'pause')
    await w.patch(
      `${path}/status`,
      { metadata: { labels: { test: 'status' } }, status: { readyReplicas: 0, availableReplicas: 0 } },
      'strategic',
    )
    expect((await w.get(`${path}/status`)).metadata.labels.test).toBe('patched')
    await ready(1, 'pause')
  })

  it('a Deployment takes in an older ReplicaSet, counts on from its revision and forgets it', async () => {
    const { in: at, ...w } = walk()
    const n = await w.namespace('deployment')
    const labels = { name: 'sample-pod' }
    const old = { ...labels, pod: 'httpd' }
    await w.post(at(n, 'apps/replicasets'), {
      metadata: { name: 'old', labels: old, annotations: { [REVISION]: '3546343826724305832' } },
      spec: { replicas: 1, selector: { matchLabels: old }, template: template(old) },
    })
    await w.until('it runs', async () => (await w.get(at(n, 'apps/replicasets/old'))).status.readyReplicas === 1)
    await w.post(at(n, 'apps/deployments'), {
      metadata: { name: 'new' },
      spec: { revisionHistoryLimit: 0, selector: { matchLabels: labels }, template: template(labels) },
    })
    await w.until('the revision after', async () => {
      const { metadata } = await w.get(at(n, 'apps/deployments/new'))
      return metadata.annotations[REVISION] === '3546343826724305833'
    })
    await w.until('one is left', async () => {
      const { items } = await w.get(at(n, 'apps/replicasets'))
      return items.length === 1 && items[0].metadata.name !== 'old'
    })
  })

  it('a Deployment that is scaled while it changes is scaled in proportion', async () => {
    const { in: at, ...w } = walk()
    const n = await w.namespace('deployment')
    const labels = { name: 'httpd' }
    const path = at(n, 'apps/deployments/webserver')
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } }
    await w.post(at(n, 'apps/deployments'), {
      metadata: { name: 'webserver' },
      spec: { replicas: 10, strategy, selector: { matchLabels: labels }, template: template(labels) },
    })
    await w.until('ten', async () => (await w.get(path)).status.availableReplicas === 10)
    const spec = { containers: [{ name: 'c', image: 'does-not-exist' }] }
    await w.patch(path, { spec: { template: { spec } } }, 'strategic')
    const sizes = (...wanted: number[]) =>
      w.until(wanted.join(' and '), async () => {
        const { items } = await w.get(at(n, 'apps/replicasets'))
        const found = items.flatMap(({ spec, status }: Thing) => [spec.replicas, status.replicas])
        return wanted.every((size) => found.filter((one: number) => one === size).length === 2)
      })
    await sizes(8, 5)
    await w.patch(path, { spec: { replicas: 30 } })
    await sizes(20, 13)
  })

  it('a StatefulSet is rolled forward and back, and no further than its partition', async () => {
    const { in: at, ...w } = walk()
    const n = await w.namespace('statefulset')
    const labels = { foo: 'bar', baz: 'blah' }
    const path = at(n, 'apps/statefulsets/ss2')
    await w.post(at(n, 'apps/statefulsets'), {
      metadata: { name: 'ss2' },
      spec: { serviceName: 'test', replicas: 3, selector: { matchLabels: labels }, template: template(labels) },
    })
    const images = (...wanted: string[]) =>
      w.until(wanted.join(), async () => {
        const { items } = await w.get(at(n, 'pods'))
        const told = items.map(({ spec }: Thing) => spec.containers[0].image)
        return items.every(isReady) && `${told}` === `${wanted.map((one) => `httpd:${one}`)}`
      })
    const settled = () =>
      w.until('one revision', async () =>
        (({ status: s }) => s.currentRevision === s.updateRevision)(await w.get(path)),
      )
    const set = (image: string) =>
      w.patch(path, { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } }, 'strategic')
    await images('1', '1', '1')
    const { currentRevision } = (await w.get(path)).status
    await set('httpd:2')
    await images('2', '2', '2')
    await settled()
    await set('httpd:1')
    await images('1', '1', '1')
    await settled()
    expect((await w.get(path)).status.currentRevision, 'the same as before').toBe(currentRevision)
    await w.patch(path, { spec: { updateStrategy: { rollingUpdate: { partition: 2 } } } })
    await set('httpd:3')
    await images('1', '1', '3')
    for (const name of ['ss2-0', 'ss2-2']) await w.delete(at(n, `pods/${name}`), { gracePeriodSeconds: 0 })
    await images('1', '1', '3')
    await w.patch(path, { spec: { updateStrategy: { rollingUpdate: { partition: 0 } } } })
    await images('3', '3', '3')
  })

  it('a StatefulSet’s pod that its node turns away is made anew until there is room', async () => {
    const { in: at, ...w } = walk()
    const n = await w.namespace('statefulset', 'privileged')
    const container = { ports: [{ hostPort: 21017, containerPort: 21017 }] }
    const labels = { a: 'b' }
    const pinned = template(labels, container, { nodeName: 'sim-3' })
    await w.post(at(n, 'pods'), { metadata: { name: 'test-pod' }, spec: pinned.spec })
    await w.until('it runs', async () => (await w.get(at(n, 'pods/test-pod'))).status.phase === 'Running')
    using log = await w.watch(at(n, 'pods'), { fieldSelector: 'metadata.name=ss-0' })
    await w.post(at(n, 'apps/statefulsets'), {
      metadata: { name: 'ss' },
      spec: { serviceName: 'test', selector: { matchLabels: labels }, template: pinned },
    })
    await w.until('it was turned away and deleted', async () => log.words.includes('DELETED ss-0'))
    expect(log.events.map(({ object }: Thing) => object.status.reason)).toContain('NodePorts')
    await w.delete(at(n, 'pods/test-pod'), { gracePeriodSeconds: 0 })
    await w.until('ss-0 runs', async () => (await w.get(at(n, 'pods/ss-0'))).status.phase === 'Running')
  })

  it('a DaemonSet replaces a pod that somebody declares failed, and keeps revisions that people change', async () => {
    const { in: at, ...w } = walk()
    const n = await w.namespace('daemonset')
    const labels = { 'daemonset-name': 'ds' }
    await w.post(at(n, 'apps/daemonsets'), {
      metadata: { name: 'ds', labels },
      spec: { selector: { matchLabels: labels }, template: template(labels) },
    })
    const pods = async () => (await w.get(at(n, 'pods'))).items
    const three = () => w.until('three', async () => (await pods()).filter(isReady).length === 3)
    await three()
    const [failed] = await pods()
    const fail = ({ status }: Thing) => Object.assign(status, { phase: 'Failed' })
    await w.change(at(n, `pods/${failed.metadata.name}`), fail, '/status')
    await w.until('it is gone', async () =>
      (await pods()).every(({ metadata }: Thing) => metadata.uid !== failed.metadata.uid),
    )
    await three()

    const revisions = async () => (await w.get(at(n, 'apps/controllerrevisions'))).items
    const [first] = await revisions()
    const { ownerReferences } = first.metadata
    await w.post(at(n, 'apps/controllerrevisions'), {
      metadata: {
        name: 'ds-second',
        labels: { ...first.metadata.labels, 'controller-revision-hash': 'second' },
        ownerReferences,
      },
      data: first.data,
      revision: first.revision + 1,
    })
    await w.delete(at(n, `apps/controllerrevisions/${first.metadata.name}`))
    await w.until('one is left', async () => (await revisions()).length === 1)
    const spec = { containers: [{ name: 'c', image: 'pause' }] }
    await w.patch(at(n, 'apps/daemonsets/ds'), { spec: { template: { spec } } }, 'strategic')
    await w.until('the third', async () => (await revisions()).some(({ revision }: Thing) => revision === 3))
  })
}
