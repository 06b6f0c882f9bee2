import type { Affinity, Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { node, pod, run } from '../testing/pods-and-nodes.ts'

type Kind = 'podAffinity' | 'podAntiAffinity'
const term = (app: string, topologyKey = 'zone', more = {}) => ({
  topologyKey,
  labelSelector: { matchLabels: { app } },
  ...more,
})
const must = (kind: Kind, app: string, topologyKey?: string, more?: object): Affinity => ({
  [kind]: { requiredDuringSchedulingIgnoredDuringExecution: [term(app, topologyKey, more)] },
})
const rather = (kind: Kind, app: string, weight = 1): Affinity => ({
  [kind]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: term(app) }] },
})
const app = (name: string, affinity?: Affinity, namespace = 'default'): Pod => {
  const made = pod(affinity ? { affinity } : {}, { app: name })
  return { ...made, metadata: { ...made.metadata, namespace } }
}
/** One node in each zone, with what is on it. */
const zones = (...on: Pod[][]) =>
  on.map((pods, index) => node(`n${index}`, { labels: { zone: `z${index}` }, on: pods }))

it.each([
  ['near those it must be near', app('web', must('podAffinity', 'db')), [[], [app('db')]], 'n1'],
  ['far from those it must be far from', app('web', must('podAntiAffinity', 'db')), [[app('db')], []], 'n1'],
  ['far from those who must be far from it', app('web'), [[app('db', must('podAntiAffinity', 'web'))], []], 'n1'],
  ['near those it would rather be near', app('web', rather('podAffinity', 'db')), [[], [app('db')]], 'n1'],
  ['far from those it would rather be far from', app('web', rather('podAntiAffinity', 'db')), [[app('db')], []], 'n1'],
  ['near those who must be near it', app('db'), [[], [app('web', must('podAffinity', 'db'))]], 'n1'],
  ['near those who would rather be near it', app('db'), [[], [app('web', rather('podAffinity', 'db'))]], 'n1'],
  ['far from those who would rather not', app('db'), [[app('web', rather('podAntiAffinity', 'db'))], []], 'n1'],
  ['where the first of a group is', app('web', must('podAffinity', 'web')), [[], [app('web')]], 'n1'],
  [
    'with the heavier wish',
    app('web', {
      podAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 10, podAffinityTerm: term('db') },
          { weight: 90, podAffinityTerm: term('cache') },
        ],
      },
    }),
    [[app('db')], [app('cache')]],
    'n1',
  ],
  [
    'near pods of a named namespace',
    app('web', must('podAffinity', 'db', 'zone', { namespaces: ['data'] })),
    [[app('db')], [app('db', undefined, 'data')]],
    'n1',
  ],
  [
    'near pods of a namespace with a label',
    app(
      'web',
      must('podAffinity', 'db', 'zone', {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'data' } },
      }),
    ),
    [[app('db')], [app('db', undefined, 'data')]],
    'n1',
  ],
  ['anywhere, when it is the first of its group', app('web', must('podAffinity', 'web')), [[]], 'n0'],
])('goes %s', (_, what, on, chosen) => {
  const nodes = zones(...on)
  expect(run(what, nodes).chosen).toBe(chosen)
  expect(run(what, nodes.reverse()).chosen).toBe(chosen)
})

it.each([
  [
    'nobody to be near',
    app('web', must('podAffinity', 'db')),
    zones([]),
    "node(s) didn't match pod affinity rules",
    true,
  ],
  [
    'near, but on a node without the label',
    app('web', must('podAffinity', 'web')),
    [node('n0')],
    "node(s) didn't match pod affinity rules",
    true,
  ],
  [
    'somebody to be far from',
    app('web', must('podAntiAffinity', 'web')),
    zones([app('web')]),
    "node(s) didn't match pod anti-affinity rules",
    false,
  ],
  [
    'somebody who must be far',
    app('web'),
    zones([app('db', must('podAntiAffinity', 'web'))]),
    "node(s) didn't satisfy existing pods anti-affinity rules",
    false,
  ],
  [
    'pods of another namespace',
    app('web', must('podAffinity', 'db')),
    zones([app('db', undefined, 'data')]),
    "node(s) didn't match pod affinity rules",
    true,
  ],
])('is refused: %s', (_, what, nodes, reason, unresolvable) => {
  expect(run(what, nodes).rejections.get('n0')).toEqual({ plugin: 'InterPodAffinity', reasons: [reason], unresolvable })
})

it('counts hosts of one zone together', () => {
  const nodes = ['a', 'b', 'c'].map((name, index) =>
    node(name, { labels: { zone: index < 2 ? 'x' : 'y' }, on: index === 0 ? [app('web')] : [] }),
  )
  expect(run(app('web', must('podAntiAffinity', 'web')), nodes).chosen).toBe('c')
  expect(run(app('web', must('podAntiAffinity', 'web', 'kubernetes.io/hostname')), nodes).rejections.has('b')).toBe(
    false,
  )
})
