import type { DaemonSet } from 'kubernetes-types/apps/v1'
import type { Node, Taint } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { nodeOf, templateFor, verdictOn } from './daemon-pods.ts'

const set = (spec: object = {}): DaemonSet => ({
  spec: { selector: {}, template: { spec: { containers: [], ...spec } } },
})
const node = (labels: Record<string, string> = {}, taints: Taint[] = []): Node => ({
  metadata: { name: 'n1', labels },
  spec: { taints },
})
const taint = (key: string, effect: string): Taint => ({ key, effect })

describe('a node', () => {
  it.each<{ name: string; spec: object; node: Node; shouldRun: boolean; mayStay: boolean }>([
    { name: 'has one', spec: {}, node: node(), shouldRun: true, mayStay: true },
    {
      name: 'has none when it lacks a label',
      spec: { nodeSelector: { disk: 'ssd' } },
      node: node(),
      shouldRun: false,
      mayStay: false,
    },
    {
      name: 'has one when it has the label',
      spec: { nodeSelector: { disk: 'ssd' } },
      node: node({ disk: 'ssd' }),
      shouldRun: true,
      mayStay: true,
    },
    {
      name: 'gets none, and keeps the one it has, when it is tainted',
      spec: {},
      node: node({}, [taint('a', 'NoSchedule')]),
      shouldRun: false,
      mayStay: true,
    },
    {
      name: 'loses it when its taint says so',
      spec: {},
      node: node({}, [taint('a', 'NoExecute')]),
      shouldRun: false,
      mayStay: false,
    },
    {
      name: 'has one when the taint is tolerated',
      spec: { tolerations: [{ operator: 'Exists' }] },
      node: node({}, [taint('a', 'NoExecute')]),
      shouldRun: true,
      mayStay: true,
    },
    {
      name: 'has one while it is cordoned or not ready',
      spec: {},
      node: node({}, [
        taint('node.kubernetes.io/unschedulable', 'NoSchedule'),
        taint('node.kubernetes.io/not-ready', 'NoExecute'),
      ]),
      shouldRun: true,
      mayStay: true,
    },
    {
      name: 'has none when another is named',
      spec: { nodeName: 'n2' },
      node: node(),
      shouldRun: false,
      mayStay: false,
    },
  ])('$name', ({ spec, node: seen, shouldRun, mayStay }) => {
    expect(verdictOn(set(spec), seen)).toEqual({ shouldRun, mayStay })
  })

  it('is the only one that its pod may go to', () => {
    const template = templateFor(set(), 'n1', { hash: 'abc', generation: '2' })
    expect(nodeOf({ spec: template.spec! })).toBe('n1')
    expect(template.metadata?.labels).toEqual({ 'controller-revision-hash': 'abc', 'pod-template-generation': '2' })
  })

  it.each([
    { name: 'adds what lets a daemon stay', own: [], kept: 6 },
    {
      name: 'makes one without end of one that ends',
      own: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 }],
      kept: 6,
    },
    {
      name: 'keeps one that is told otherwise beside',
      own: [{ key: 'node.kubernetes.io/not-ready', operator: 'Equal', effect: 'NoExecute', tolerationSeconds: 30 }],
      kept: 7,
    },
  ])('$name', ({ own, kept }) => {
    const { spec } = templateFor(set({ tolerations: own }), 'n1', { hash: 'abc', generation: '1' })
    expect(spec?.tolerations).toHaveLength(kept)
    const lasting = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }
    expect(spec?.tolerations).toContainEqual(lasting)
  })
})
