// What many policies and webhooks take of the thread of all control planes: not in one piece. Each look at the clock takes
// a millisecond here.

import { expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import {
  ConfigMap,
  LimitRange,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Pod,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../../kinds/index.ts'
import { loadSchemas } from '../../schemas/load-schemas.ts'
import { validateForCreate } from '../registry/prepare.ts'
import { askPlugin, type There } from '../testing/ask-plugin.ts'
import { limitRanger } from './limit-ranger.ts'
import { mutatingAdmissionPolicy } from './policies/mutating.ts'
import { validatingAdmissionPolicy } from './policies/validating.ts'
import { validatingWebhooks } from './webhooks/index.ts'

class SlowMachine extends FakeClock {
  #now = 0

  override monotonic(): number {
    return this.#now++
  }
}

const COUNT = 100
const TURNS = COUNT / 20
const many = <T>(make: (at: number) => T): T[] => Array.from({ length: COUNT }, (_, at) => make(at))
const pod = { metadata: { name: 'web', namespace: 'default' }, spec: { containers: [] } } as KubeObject
const rule = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }
const named = (kind: AnyKind, name: string, rest: object): There[number] => [kind, { metadata: { name }, ...rest }]

/** How often everybody else had a turn meanwhile. */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let [turns, isOver] = [0, false]
  const other = () => {
    turns++
    if (!isOver) setImmediate(other)
  }
  setImmediate(other)
  await work()
  isOver = true
  return turns
}

const ask = (plugin: Parameters<typeof askPlugin>[0], there: There) =>
  turnsOf(async () => {
    const { refused } = await askPlugin(plugin, { kind: Pod, object: pod }, there, new SlowMachine())
    expect(refused).toBe(undefined)
  })

const policySpec = { matchConstraints: { resourceRules: [rule] }, failurePolicy: 'Fail' }
const asked = (at: number) => [{ name: 'a', expression: `object.metadata.name != 'x${at}'` }]

it('the first request under many validating policies', async () => {
  const there = many((at) => [
    named(ValidatingAdmissionPolicy, `p${at}`, { spec: { ...policySpec, validations: asked(at) } }),
    named(ValidatingAdmissionPolicyBinding, `p${at}`, { spec: { policyName: `p${at}`, validationActions: ['Deny'] } }),
  ]).flat()
  expect(await ask(validatingAdmissionPolicy([]), there)).toBeGreaterThan(TURNS)
})

it('under many mutating policies', async () => {
  const there = many((at) => [
    named(MutatingAdmissionPolicy, `p${at}`, { spec: { ...policySpec, matchConditions: asked(at) } }),
    named(MutatingAdmissionPolicyBinding, `p${at}`, { spec: { policyName: `p${at}` } }),
  ]).flat()
  expect(await ask(mutatingAdmissionPolicy([], loadSchemas()), there)).toBeGreaterThan(TURNS)
})

it('under many webhooks that are not meant', async () => {
  const matchConditions = (at: number) => [{ name: 'a', expression: `object.metadata.name == 'x${at}'` }]
  const webhooks = many((at) => ({ name: `a${at}.b.c`, rules: [rule], matchConditions: matchConditions(at) }))
  const there = [named(ValidatingWebhookConfiguration, 'a', { webhooks })]
  const call = () => Promise.reject(new Error('nobody is asked'))
  expect(await ask(validatingWebhooks({ call, authorizers: [] }), there)).toBeGreaterThan(TURNS)
})

it('under many bindings to many parameters', async () => {
  const paramRef = { selector: { matchLabels: { a: 'b' } }, parameterNotFoundAction: 'Allow' }
  const spec = { ...policySpec, paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [] }
  const there = [
    named(ValidatingAdmissionPolicy, 'p', { spec }),
    ...many((at) => named(ValidatingAdmissionPolicyBinding, `b${at}`, { spec: { policyName: 'p', paramRef } })),
    ...many((at): There[number] => [ConfigMap, { metadata: { name: `c${at}`, namespace: 'default' } } as KubeObject]),
  ]
  expect(await ask(validatingAdmissionPolicy([]), there)).toBeGreaterThan(TURNS)
})

it('under many limit ranges', async () => {
  const limits = [{ type: 'Container', max: { cpu: '1' }, default: { cpu: '1' } }]
  const there = many((at): There[number] => [
    LimitRange,
    { metadata: { name: `l${at}`, namespace: 'default' }, spec: { limits } } as KubeObject,
  ])
  expect(await ask(limitRanger, there)).toBeGreaterThan(TURNS)
})

it.each<[AnyKind, object]>([
  [ValidatingWebhookConfiguration, { webhooks: many((at) => ({ name: `a${at}.b.c`, matchConditions: asked(at) })) }],
  [ValidatingAdmissionPolicy, { spec: { ...policySpec, validations: many((at) => asked(at)[0]) } }],
  [
    MutatingAdmissionPolicy,
    {
      spec: {
        ...policySpec,
        variables: many((at) => ({ name: `v${at}`, expression: at === 0 ? '1' : `variables.v${at - 1} + 1` })),
      },
    },
  ],
])('the write of many expressions at once', async (kind, rest) => {
  const work = () => validateForCreate(kind, { metadata: { name: 'a' }, ...rest } as KubeObject, new SlowMachine())
  expect(await turnsOf(() => work().catch(() => undefined))).toBeGreaterThan(TURNS)
})
