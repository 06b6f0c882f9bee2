import type { Pod } from 'kubernetes-types/core/v1'
import { beforeEach, describe, expect, it } from 'vitest'
import { nodeAuthorizer } from './node-authorizer.ts'
import { NodeGraph } from './node-graph.ts'
import { question } from './testing/policies.ts'

const kubelet = { name: 'system:node:node-1', groups: ['system:nodes', 'system:authenticated'] }

const pod = (name: string, nodeName: string, spec: object = {}): Pod => ({
  metadata: { namespace: 'shop', name },
  spec: {
    nodeName,
    serviceAccountName: 'robot',
    containers: [
      {
        name: 'web',
        envFrom: [{ secretRef: { name: 'env' } }],
        env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } }],
      },
    ],
    volumes: [
      { name: 'v', secret: { secretName: 'files' } },
      { name: 'p', projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }] } },
      { name: 'c', persistentVolumeClaim: { claimName: 'disk' } },
    ],
    imagePullSecrets: [{ name: 'registry' }],
    ...spec,
  },
})

describe('the Node authorizer', () => {
  let graph: NodeGraph
  beforeEach(() => {
    graph = new NodeGraph()
    graph.put('Pod', pod('mine', 'node-1'))
    graph.put(
      'Pod',
      pod('theirs', 'node-2', { volumes: [{ name: 'v', secret: { secretName: 'other' } }], serviceAccountName: 'x' }),
    )
  })
  const ask = (text: string, fieldSelector = '', user = kubelet) =>
    nodeAuthorizer(graph).authorize(user, { ...question(text), fieldSelector })

  it.each([
    ['get shop secrets env', true],
    ['get shop secrets files', true],
    ['get shop secrets registry', true],
    ['watch shop secrets files', true],
    ['get shop configmaps settings', true],
    ['get shop configmaps kube-root-ca.crt', true],
    ['get shop persistentvolumeclaims disk', true],
    ['create shop serviceaccounts/token robot', true],
    ['get shop serviceaccounts robot', true],
    ['get shop serviceaccounts x', false],
    ['list shop serviceaccounts', false],
    ['update shop serviceaccounts robot', false],
    ['get shop secrets other', false],
    ['get bank secrets files', false],
    ['list shop secrets', false],
    ['update shop secrets files', false],
    ['create shop serviceaccounts/token x', false],
    ['get shop pods mine', true],
    ['get shop pods theirs', false],
    ['get - nodes node-1', true],
    ['get - nodes node-2', false],
    ['list - nodes', false],
    ['patch - nodes/status node-1', true],
    ['update kube-node-lease leases.coordination.k8s.io node-1', true],
    ['update kube-node-lease leases.coordination.k8s.io node-2', false],
    ['update kube-system leases.coordination.k8s.io node-1', false],
    ['list - services', true],
    ['create shop events', true],
    ['delete shop services web', false],
    ['create - tokenreviews.authentication.k8s.io', true],
    ['get - persistentvolumes disk', false],
  ])('%s: %s', (text, allowed) => {
    expect(ask(text).decision === 'allow').toBe(allowed)
  })

  it('lets a node list its own pods only', () => {
    expect(ask('list - pods', 'spec.nodeName=node-1').decision).toBe('allow')
    expect(ask('watch - pods', 'spec.nodeName=node-2').decision).toBe('no opinion')
    expect(ask('list - pods')).toEqual({
      decision: 'no opinion',
      reason: 'can only list/watch pods with spec.nodeName field selector',
    })
  })

  it('says why it has no opinion', () => {
    expect(ask('get shop secrets other').reason).toBe("no relationship found between node 'node-1' and this object")
  })

  it('forgets with the last pod that named it', () => {
    graph.put('Pod', pod('second', 'node-1'))
    graph.remove('Pod', pod('mine', 'node-1'))
    expect(ask('get shop secrets files').decision).toBe('allow')
    graph.put('Pod', pod('second', 'node-1', { volumes: [] }))
    expect(ask('get shop secrets files').decision).toBe('no opinion')
    expect(ask('get shop secrets env').decision).toBe('allow')
    graph.clear('Pod')
    expect(ask('get shop secrets env').decision).toBe('no opinion')
  })

  it('believes no mirror pod about what it needs', () => {
    const mirror = pod('mirror', 'node-1', { volumes: [{ name: 'v', secret: { secretName: 'crown' } }] })
    graph.put('Pod', {
      ...mirror,
      metadata: { ...mirror.metadata, annotations: { 'kubernetes.io/config.mirror': 'x' } },
    })
    expect(ask('get shop secrets crown').decision).toBe('no opinion')
  })

  it('has no opinion of anybody else', () => {
    const others = [
      { name: 'system:node:node-1', groups: ['system:authenticated'] },
      { name: 'otter', groups: ['system:nodes'] },
    ]
    for (const user of others) expect(ask('get shop secrets env', '', user).decision).toBe('no opinion')
  })
})
