import type { Pod as WirePod } from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Deployment, Node, Pod } from '../kinds/index.ts'
import { SAMPLES } from './testing/sample-objects.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const DEFAULT = '/api/v1/namespaces/default'

describe('subresources', () => {
  let test: TestServer
  beforeEach(async () => {
    test = await startTestServer()
    await post(`${DEFAULT}/serviceaccounts`, { metadata: { name: 'default' } })
  })
  afterEach(() => test[Symbol.asyncDispose]())

  const post = (path: string, body: unknown) => test.transport.request({ method: 'POST', path, body })
  const newPod = async (name = 'web') =>
    (await post(`${DEFAULT}/pods`, { ...SAMPLES.pods?.object, metadata: { name } })) as WirePod

  it('keeps spec and status apart', async () => {
    const pods = test.client.of(Pod)
    const made = await newPod()
    expect(made.status).toMatchObject({ phase: 'Pending', qosClass: 'BestEffort' })
    const running = await pods.updateStatus({
      ...made,
      spec: { containers: [] },
      status: { ...made.status, phase: 'Running' },
    } as WirePod)
    expect(running.spec).toEqual(made.spec)
    expect(running.status?.phase).toBe('Running')
    expect(running.metadata?.generation, 'status is nothing anybody asked for').toBe(1)
    const relabelled = await pods.update({
      ...running,
      metadata: { ...running.metadata, labels: { a: 'b' } },
      status: { phase: 'Failed' },
    } as WirePod)
    expect(relabelled.status?.phase).toBe('Running')
  })

  it('counts changes of a spec', async () => {
    const deployments = test.client.of(Deployment)
    await post('/apis/apps/v1/namespaces/default/deployments', {
      ...SAMPLES.deployments?.object,
      metadata: { name: 'web' },
    })
    const at = { namespace: 'default', name: 'web' }
    const patch = (body: unknown) => deployments.patch(at, 'application/merge-patch+json', body)
    expect((await patch({ spec: { replicas: 3 } })).metadata?.generation).toBe(2)
    expect((await patch({ metadata: { labels: { a: 'b' } } })).metadata?.generation).toBe(2)
    expect((await patch({ metadata: { annotations: { a: 'b' } } })).metadata?.generation).toBe(3)
    await expect(patch({ spec: { selector: { matchLabels: { app: 'other' } } } })).rejects.toMatchObject({ code: 422 })
  })

  it('counts changes of a pod from one on, whatever was sent, by each door, and its deletion', async () => {
    const containers = [{ name: 'web', image: 'nginx', resources: { requests: { cpu: '1' } } }]
    const initContainers = [{ name: 'first', image: 'busybox' }]
    await post('/api/v1/nodes', { metadata: { name: 'n1' } })
    const spec = { nodeName: 'n1', containers, initContainers }
    const made = await post(`${DEFAULT}/pods`, { metadata: { name: 'web', generation: 100 }, spec })
    const generations = [made as WirePod]
    const patch = async (body: object, door = '') => {
      const path = `${DEFAULT}/pods/web${door}`
      const contentType = 'application/strategic-merge-patch+json'
      generations.push((await test.transport.request({ method: 'PATCH', path, contentType, body })) as WirePod)
    }
    await patch({ metadata: { generation: 77, labels: { a: 'b' } } })
    await patch({ spec: { tolerations: [{ key: 'k', operator: 'Exists' }] } })
    await patch({ spec: { activeDeadlineSeconds: 5000 } })
    await patch({ spec: { containers: [{ name: 'web', image: 'nginx:1.26' }] } })
    await patch({ spec: { initContainers: [{ name: 'first', image: 'busybox:1.37' }] } })
    await patch({ spec: { ephemeralContainers: [{ name: 'peek', image: 'busybox' }] } }, '/ephemeralcontainers')
    await patch({ spec: { containers: [{ name: 'web', resources: { requests: { cpu: '2' } } }] } }, '/resize')
    await patch({ status: { message: 'well' } }, '/status')
    generations.push((await test.transport.request({ method: 'DELETE', path: `${DEFAULT}/pods/web` })) as WirePod)
    expect(generations.map(({ metadata }) => metadata?.generation)).toEqual([1, 1, 2, 3, 4, 5, 6, 7, 7, 8])
  })

  it('lets patches that name no revision all through, however many come at once', async () => {
    await newPod()
    const at = { namespace: 'default', name: 'web' }
    const annotate = (key: string) =>
      test.client.of(Pod).patch(at, 'application/merge-patch+json', { metadata: { annotations: { [key]: 'yes' } } })
    const keys = ['a', 'b', 'c', 'd']
    await Promise.all(keys.map(annotate))
    const { metadata } = await test.client.of(Pod).get(at)
    expect(Object.keys(metadata?.annotations ?? {})).toEqual(expect.arrayContaining(keys))
    const stale = { metadata: { resourceVersion: '1', annotations: { e: 'yes' } } }
    await expect(test.client.of(Pod).patch(at, 'application/merge-patch+json', stale)).rejects.toMatchObject({
      code: 409,
    })
  })

  it('scales by a number, and says what is selected', async () => {
    const path = '/apis/apps/v1/namespaces/default/deployments/web'
    await post('/apis/apps/v1/namespaces/default/deployments', {
      ...SAMPLES.deployments?.object,
      metadata: { name: 'web' },
    })
    const scale = (await test.transport.request({ method: 'GET', path: `${path}/scale` })) as { spec: object }
    expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 2 }, status: { replicas: 0, selector: 'app=web' } })
    await test.transport.request({ method: 'PUT', path: `${path}/scale`, body: { ...scale, spec: { replicas: 5 } } })
    for (const [metadata, why] of [
      [{}, 'the name of the object (web based on URL) was undeterminable: name must be provided'],
      [{ name: 'b' }, 'the name of the object (b) does not match the name on the URL (web)'],
    ] as const) {
      const body = { spec: { replicas: 9 }, metadata }
      await expect(test.transport.request({ method: 'PUT', path: `${path}/scale`, body })).rejects.toMatchObject({
        code: 400,
        message: why,
      })
    }
    expect(await test.transport.request({ method: 'GET', path })).toMatchObject({ spec: { replicas: 5 } })
    await expect(
      test.transport.request({ method: 'PUT', path: `${path}/scale`, body: { ...scale, spec: { replicas: 7 } } }),
      'a stale scale is refused like any stale update',
    ).rejects.toMatchObject({ code: 409 })
    await expect(
      test.transport.request({
        method: 'PATCH',
        path: `${path}/scale`,
        contentType: 'application/merge-patch+json',
        body: { spec: { replicas: -1 } },
      }),
    ).rejects.toMatchObject({ code: 422, message: expect.stringContaining('must be greater than or equal to 0') })
  })

  it('binds a pod once', async () => {
    await newPod()
    const binding = { metadata: { name: 'web' }, target: { kind: 'Node', name: 'node-1' } }
    const elsewhere = { ...binding, metadata: { name: 'web', namespace: 'other' } }
    await expect(post(`${DEFAULT}/pods/web/binding`, elsewhere)).rejects.toMatchObject({ code: 400 })
    await post(`${DEFAULT}/pods/web/binding`, binding)
    const pod = await test.client.of(Pod).get({ namespace: 'default', name: 'web' })
    expect(pod.spec?.nodeName).toBe('node-1')
    expect(pod.status?.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }])
    await expect(post(`${DEFAULT}/pods/web/binding`, binding)).rejects.toMatchObject({
      code: 409,
      message: 'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "node-1"',
    })
    await newPod('old-way')
    await post(`${DEFAULT}/bindings`, { ...binding, metadata: { name: 'old-way' } })
    await expect(
      post(`${DEFAULT}/pods/none/binding`, { ...binding, metadata: { name: 'none' } }),
    ).rejects.toMatchObject({ code: 404 })
  })

  it.each<[string, object, number, string]>([
    [
      'of no name',
      { metadata: {}, target: { name: 'node-1' } },
      400,
      'name in URL does not match name in Binding object',
    ],
    ['to nothing', { metadata: { name: 'web' }, target: {} }, 500, 'target.name: Required value'],
    [
      'to something else',
      { metadata: { name: 'web' }, target: { kind: 'Pod' } },
      500,
      '[target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>", target.name: Required value]',
    ],
    [
      'of what a pod was before',
      { metadata: { name: 'web', resourceVersion: '1' }, target: { name: 'node-1' } },
      409,
      'Operation cannot be fulfilled on pods "web": StorageError: invalid object, Code: 4, Key: /registry/pods/default/web, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ResourceVersion in precondition: 1, ResourceVersion in object meta: ',
    ],
    [
      'of another pod',
      { metadata: { name: 'web', uid: 'x' }, target: { name: 'node-1' } },
      409,
      'Operation cannot be fulfilled on pods "web": StorageError: invalid object, Code: 4, Key: /registry/pods/default/web, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: x, UID in object meta: ',
    ],
  ])('refuses a binding %s', async (_what, binding, code, message) => {
    await newPod()
    await expect(post(`${DEFAULT}/pods/web/binding`, binding)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    })
  })

  it('takes a spec that a binding and a status leave alone as it is, and gives it no defaults again', async () => {
    const at = { namespace: 'default', name: 'web' }
    const limits = { cpu: '1', memory: '1Gi' }
    const made = (await post(`${DEFAULT}/pods`, {
      metadata: at,
      spec: { containers: [{ name: 'c', image: 'nginx' }], resources: { limits } },
    })) as WirePod
    await post(`${DEFAULT}/pods/web/binding`, { metadata: at, target: { kind: 'Node', name: 'node-1' } })
    const pods = test.client.of(Pod)
    const bound = await pods.get(at)
    expect(bound.spec).toEqual({ ...made.spec, nodeName: 'node-1' })
    const tell = (patch: object) =>
      pods.patch(at, 'application/strategic-merge-patch+json', patch, { subresource: 'status' })
    const running = await tell({ status: { phase: 'Running' } })
    expect(running.spec).toBe(bound.spec)
    expect(running.status?.phase).toBe('Running')
    const meddled = await tell({ spec: { nodeName: 'node-2' }, status: { phase: 'Failed' } })
    expect(meddled.spec, 'which is not what a status is for').toEqual(bound.spec)
    expect(meddled.status?.phase).toBe('Failed')
  })

  it('lets a pod change its image and nothing else that runs', async () => {
    const made = await newPod()
    const pods = test.client.of(Pod)
    const [container] = made.spec?.containers ?? []
    const renewed = await pods.update({
      ...made,
      spec: { ...made.spec, containers: [{ ...container, image: 'nginx:1.27' }] },
    } as WirePod)
    expect(renewed.metadata?.generation).toBe(2)
    await expect(
      pods.update({
        ...renewed,
        spec: { ...renewed.spec, containers: [{ ...container, command: ['sh'] }] },
      } as WirePod),
    ).rejects.toMatchObject({
      message: expect.stringContaining('pod updates may not change fields other than `spec.containers[*].image`'),
    })
  })

  it('lets nodes write about themselves only', async () => {
    const kubelet = (name: string) =>
      test.server.transportFor({
        user: `system:node:${name}`,
        groups: ['system:nodes', 'system:authenticated'],
        client: `kubelet/${name}`,
      })
    const own = kubelet('node-1')
    await own.request({
      method: 'POST',
      path: '/api/v1/nodes',
      body: { metadata: { name: 'node-1' }, status: { capacity: { cpu: '2' } } },
    })
    const node = await test.client.of(Node).get({ name: 'node-1' })
    expect(node).toMatchObject({
      status: { capacity: { cpu: '2' } },
      spec: { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] },
    })
    const patch = {
      method: 'PATCH',
      path: '/api/v1/nodes/node-1/status',
      contentType: 'application/merge-patch+json',
      body: { status: { capacity: { cpu: '4' } } },
    } as const
    await own.request(patch)
    await expect(kubelet('node-2').request(patch)).rejects.toMatchObject({ code: 403 })
    await newPod()
    await post(`${DEFAULT}/pods/web/binding`, { metadata: { name: 'web' }, target: { name: 'node-1' } })
    const status = { ...patch, path: `${DEFAULT}/pods/web/status`, body: { status: { phase: 'Running' } } } as const
    await own.request(status)
    await expect(kubelet('node-2').request(status)).rejects.toMatchObject({ code: 403 })
  })

  it('says which container is meant, or asks', async () => {
    await post(`${DEFAULT}/pods`, {
      metadata: { name: 'two' },
      spec: {
        nodeName: 'node-1',
        containers: [
          { name: 'a', image: 'x' },
          { name: 'b', image: 'x' },
        ],
      },
    })
    const logs = (query: Record<string, string>) =>
      test.transport.stream({ method: 'GET', path: `${DEFAULT}/pods/two/log`, query })
    await expect(logs({})).rejects.toMatchObject({
      code: 400,
      message: 'a container name must be specified for pod two, choose one of: [a b]',
    })
    await expect(logs({ container: 'c' })).rejects.toMatchObject({ message: 'container c is not valid for pod two' })
  })

  it.each([
    [
      { tailLines: '-1' },
      422,
      /^PodLogOptions "web" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0/,
    ],
    [{ limitBytes: '0' }, 422, /limitBytes: Invalid value: 0: must be greater than 0/],
    [{ sinceSeconds: '0' }, 422, /sinceSeconds: Invalid value: 0: must be greater than 0/],
    [{ sinceSeconds: '5', sinceTime: '2026-01-01T00:00:00Z' }, 422, /at most one of `sinceTime` or `sinceSeconds`/],
    [{ stream: 'Stdout' }, 422, /^PodLogOptions "web" is invalid: stream: Forbidden: may not be specified$/],
    [{ tailLines: 'few' }, 400, /strconv.ParseInt: parsing "few": invalid syntax/],
    [{ sinceTime: 'yesterday' }, 400, /parsing time "yesterday"/],
  ])('refuses to show logs by %o', async (query, code, message) => {
    await newPod()
    const asked = test.transport.stream({ method: 'GET', path: `${DEFAULT}/pods/web/log`, query })
    await expect(asked).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('resizes what a pod may use, and nothing else', async () => {
    const spec = { containers: [{ name: 'web', image: 'nginx', resources: { requests: { cpu: '1' } } }] }
    await post(`${DEFAULT}/pods`, { metadata: { name: 'web' }, spec })
    const resize = (container: object) =>
      test.transport.request({
        method: 'PATCH',
        path: `${DEFAULT}/pods/web/resize`,
        contentType: 'application/strategic-merge-patch+json',
        body: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'web', ...container }] } },
      }) as Promise<WirePod>
    const resized = await resize({ image: 'sneaked', resources: { requests: { cpu: '2' } } })
    expect(resized.spec?.containers[0]).toMatchObject({ image: 'nginx', resources: { requests: { cpu: '2' } } })
    expect(resized.metadata).toMatchObject({ generation: 2 })
    expect(resized.metadata?.labels).toBe(undefined)
    await expect(resize({ resources: { requests: { cpu: null } } })).rejects.toMatchObject({
      code: 422,
      message: expect.stringContaining('Pod QOS Class may not change as a result of resizing'),
    })
    const get = { method: 'GET', path: `${DEFAULT}/pods/web/resize` } as const
    await expect(test.transport.request(get)).resolves.toMatchObject({ kind: 'Pod' })
  })

  describe('ephemeral containers', () => {
    const add = (containers: unknown, path = `${DEFAULT}/pods/web/ephemeralcontainers`) =>
      test.transport.request({
        method: 'PATCH',
        path,
        contentType: 'application/strategic-merge-patch+json',
        body: { metadata: { labels: { sneaked: 'in' } }, spec: { ephemeralContainers: containers } },
      }) as Promise<WirePod>
    const peek = { name: 'peek', image: 'busybox' }

    it('are added to a pod, with what was left out, and change nothing else', async () => {
      const before = await newPod()
      const { spec, metadata: meta } = await add([peek])
      expect(spec?.ephemeralContainers).toEqual([
        expect.objectContaining({ ...peek, imagePullPolicy: 'Always', terminationMessagePath: '/dev/termination-log' }),
      ])
      expect(spec).toMatchObject({ containers: before.spec?.containers })
      expect(meta?.labels).toEqual(before.metadata?.labels)
      expect(meta?.generation).toBe(2)
      expect((await add([{ ...peek, name: 'more' }])).spec?.ephemeralContainers).toHaveLength(2)
    })

    it.each([
      [{ targetContainerName: 'nobody' }, 'spec.ephemeralContainers[0].targetContainerName: Not found: "nobody"'],
      [
        { livenessProbe: { exec: { command: ['true'] } } },
        'spec.ephemeralContainers[0].livenessProbe: Forbidden: cannot be set for an Ephemeral Container',
      ],
      [{ name: 'web' }, 'spec.ephemeralContainers[0].name: Duplicate value'],
      [{ image: '' }, 'spec.ephemeralContainers[0].image: Required value'],
    ])('are refused with %o', async (more, message) => {
      await newPod()
      await expect(add([{ ...peek, ...more }])).rejects.toMatchObject({
        code: 422,
        message: expect.stringContaining(message),
      })
    })

    it('are never taken away or changed, and come in by no other door', async () => {
      await newPod()
      const pod = await add([peek])
      const put = (containers: unknown) =>
        test.transport.request({
          method: 'PUT',
          path: `${DEFAULT}/pods/web/ephemeralcontainers`,
          body: { ...pod, spec: { ...pod.spec, ephemeralContainers: containers } },
        })
      await expect(put([])).rejects.toMatchObject({ message: expect.stringMatching(/"peek" may not be removed/) })
      const changed = [{ ...pod.spec?.ephemeralContainers?.[0], image: 'other' }]
      await expect(put(changed)).rejects.toMatchObject({ message: expect.stringMatching(/"peek" may not be changed/) })
      await expect(add([{ ...peek, name: 'side' }], `${DEFAULT}/pods/web`)).rejects.toMatchObject({ code: 422 })
      const { spec } = (SAMPLES.pods?.object ?? {}) as WirePod
      const born = { metadata: { name: 'born' }, spec: { ...spec, ephemeralContainers: [peek] } }
      await expect(post(`${DEFAULT}/pods`, born)).rejects.toMatchObject({
        message: expect.stringContaining('spec.ephemeralContainers: Forbidden: cannot be set on create'),
      })
    })
  })
})
