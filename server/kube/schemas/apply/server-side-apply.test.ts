import { describe, expect, it } from 'vitest'
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts'
import type { StatusError } from '../../apimachinery/status-error.ts'
import { loadSchemas } from '../load-schemas.ts'
import { fieldManagerOf } from './server-side-apply.ts'

const schemas = loadSchemas()
const now = '2026-01-01T00:00:00Z'
const configMaps = fieldManagerOf(schemas, { group: '', version: 'v1', kind: 'ConfigMap' })
const deployments = fieldManagerOf(
  schemas,
  { group: 'apps', version: 'v1', kind: 'Deployment' },
  { ignored: [['f:status']] },
)
const statuses = fieldManagerOf(
  schemas,
  { group: 'apps', version: 'v1', kind: 'Deployment' },
  { subresource: 'status', ignored: [['f:spec'], ['f:metadata']] },
)
const custom = fieldManagerOf(schemas, { group: 'example.com', version: 'v1', kind: 'Thing' })

const map = (data: JsonObject, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...metadata },
  data,
})
/** As the registry stores it. */
const stored = (object: JsonObject): JsonObject => ({
  ...object,
  metadata: { ...(object.metadata as JsonObject), uid: 'u', resourceVersion: '1' },
})
const deployment = (spec: JsonObject): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec,
})
const podSpec = (spec: JsonObject): JsonObject => deployment({ template: { spec } })

function ownersOf(object: JsonObject): Record<string, unknown> {
  const { managedFields } = object.metadata as JsonObject
  const entries = (managedFields ?? []) as JsonObject[]
  return Object.fromEntries(entries.map(({ manager, operation, fieldsV1 }) => [`${manager} ${operation}`, fieldsV1]))
}
const apply = (live: JsonObject | undefined, applied: JsonObject, manager = 'alice', force = false) =>
  stored(configMaps.apply({ live, applied, manager, force, now }))

describe('an apply', () => {
  it('creates, and its manager owns what it named', () => {
    const object = configMaps.apply({
      live: undefined,
      applied: map({ key: 'v' }, { labels: { a: 'b' } }),
      manager: 'kubectl',
      force: false,
      now,
    })
    expect(object.data).toEqual({ key: 'v' })
    expect((object.metadata as JsonObject).managedFields).toEqual([
      {
        manager: 'kubectl',
        operation: 'Apply',
        apiVersion: 'v1',
        time: now,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:key': {} }, 'f:metadata': { 'f:labels': { 'f:a': {} } } },
      },
    ])
  })

  it('conflicts with the owner of a field it wants otherwise', () => {
    const live = apply(undefined, map({ key: 'one' }))
    expect(() => apply(live, map({ key: 'two' }), 'bob')).toThrow(
      expect.objectContaining({
        code: 409,
        message: 'Apply failed with 1 conflict: conflict with "alice": .data.key',
        details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "alice"', field: '.data.key' }] },
      }),
    )
  })

  it('takes the field when forced', () => {
    const live = apply(undefined, map({ key: 'one', other: 'x' }))
    const next = apply(live, map({ key: 'two' }), 'bob', true)
    expect(next.data).toEqual({ key: 'two', other: 'x' })
    expect(ownersOf(next)).toEqual({
      'alice Apply': { 'f:data': { 'f:other': {} } },
      'bob Apply': { 'f:data': { 'f:key': {} } },
    })
  })

  it('shares a field that both want alike', () => {
    const next = apply(apply(undefined, map({ key: 'one' })), map({ key: 'one' }), 'bob')
    expect(ownersOf(next)).toEqual({
      'alice Apply': { 'f:data': { 'f:key': {} } },
      'bob Apply': { 'f:data': { 'f:key': {} } },
    })
  })

  it('removes what it named last time and does not now', () => {
    const next = apply(apply(undefined, map({ a: '1', b: '2' })), map({ a: '1' }))
    expect(next.data).toEqual({ a: '1' })
  })

  it('leaves what it gave up when another owns it too', () => {
    const both = apply(apply(undefined, map({ a: '1', b: '2' })), map({ b: '2' }), 'bob')
    const next = apply(both, map({ a: '1' }))
    expect(next.data).toEqual({ a: '1', b: '2' })
    expect(ownersOf(next)).toEqual({
      'alice Apply': { 'f:data': { 'f:a': {} } },
      'bob Apply': { 'f:data': { 'f:b': {} } },
    })
  })

  it('leaves what an update has added below its own', () => {
    const live = apply(undefined, map({ a: '1' }))
    const updated = stored(
      configMaps.update({ live, next: { ...live, data: { a: '1', c: '3' } }, manager: 'editor', now }),
    )
    expect(apply(updated, map({ b: '2' })).data).toEqual({ b: '2', c: '3' })
  })

  it('refuses managedFields in the configuration', () => {
    expect(() => apply(undefined, map({}, { managedFields: [] }))).toThrow('metadata.managedFields must be nil')
  })

  it('owns list elements by their keys, defaults included', () => {
    const applied = podSpec({ containers: [{ name: 'a', image: 'x', ports: [{ containerPort: 80 }] }] })
    const object = deployments.apply({ live: undefined, applied, manager: 'kubectl', force: false, now })
    expect(ownersOf(object)['kubectl Apply']).toEqual({
      'f:spec': {
        'f:template': {
          'f:spec': {
            'f:containers': {
              'k:{"name":"a"}': {
                '.': {},
                'f:image': {},
                'f:name': {},
                'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
              },
            },
          },
        },
      },
    })
  })

  it('adds its container beside another’s and takes away only its own', () => {
    const applyAs = (live: JsonObject | undefined, manager: string, names: string[]) => {
      const applied = podSpec({ containers: names.map((name) => ({ name, image: 'x' })) })
      return stored(deployments.apply({ live, applied, manager, force: false, now }))
    }
    const containersOf = (object: JsonObject) => {
      const { template } = object.spec as { template: { spec: { containers: JsonObject[] } } }
      return template.spec.containers.map(({ name }) => name)
    }
    const two = applyAs(applyAs(undefined, 'alice', ['a']), 'bob', ['b'])
    expect(containersOf(two)).toEqual(['a', 'b'])
    expect(containersOf(applyAs(two, 'alice', ['c']))).toEqual(['b', 'c'])
  })

  it('owns atomic parts as a whole', () => {
    const applied = deployment({ selector: { matchLabels: { a: 'b' } } })
    const object = deployments.apply({ live: undefined, applied, manager: 'kubectl', force: false, now })
    expect(ownersOf(object)).toEqual({ 'kubectl Apply': { 'f:spec': { 'f:selector': {} } } })
  })

  it('refuses an element without its keys and an element twice', () => {
    const wrong = (containers: JsonObject[]) => () =>
      deployments.apply({ live: undefined, applied: podSpec({ containers }), manager: 'm', force: false, now })
    expect(wrong([{ image: 'x' }])).toThrow(
      expect.objectContaining({ code: 400, message: expect.stringContaining('omits all key fields ["name"]') }),
    )
    expect(wrong([{ name: 'a' }, { name: 'a' }])).toThrow(
      '.spec.template.spec.containers: duplicate entries for key [name="a"]',
    )
  })

  it('takes such an element from whoever does not apply, and then knows of no owners', () => {
    const tracked = apply(undefined, podSpec({ containers: [{ name: 'a' }] }))
    const next = podSpec({ containers: [{ image: 'x' }] })
    const updated = deployments.update({ live: stored(tracked), next, manager: 'm', now })
    expect([updated.spec, ownersOf(updated)]).toEqual([next.spec, {}])
  })

  it('keeps those who wrote before the first apply as one manager', () => {
    const untracked = stored(map({ a: '1' }))
    const next = apply(untracked, map({ b: '2' }))
    expect(ownersOf(next)).toEqual({
      'before-first-apply Update': { 'f:data': { 'f:a': {} } },
      'alice Apply': { 'f:data': { 'f:b': {} } },
    })
    expect(() => apply(untracked, map({ a: '2' }))).toThrow('conflict with "before-first-apply" using v1: .data.a')
  })

  it('lets kubectl take over what its client-side apply last said', () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(map({ a: '1', b: '1' })) }
    const next = map({ a: '1', b: '1' }, { annotations })
    const live = stored(configMaps.update({ live: undefined, next, manager: 'kubectl-client-side-apply', now }))
    expect(() => apply(live, map({ a: '2' }), 'bob')).toThrow(
      'conflict with "kubectl-client-side-apply" using v1: .data.a',
    )
    expect(apply(live, map({ a: '2' }), 'kubectl').data).toEqual({ a: '2', b: '1' })
  })

  it('merges kinds it has no types of field by field, lists as a whole', () => {
    const thing = (spec: JsonObject): JsonObject => ({
      apiVersion: 'example.com/v1',
      kind: 'Thing',
      metadata: { name: 't' },
      spec,
    })
    const first = stored(
      custom.apply({
        live: undefined,
        applied: thing({ a: { b: 1 }, list: [1] }),
        manager: 'alice',
        force: false,
        now,
      }),
    )
    const second = custom.apply({ live: first, applied: thing({ a: { c: 2 } }), manager: 'bob', force: false, now })
    expect(second.spec).toEqual({ a: { b: 1, c: 2 }, list: [1] })
    expect(() =>
      custom.apply({ live: first, applied: thing({ list: [2] }), manager: 'bob', force: false, now }),
    ).toThrow('.spec.list')
  })
})

describe('an update', () => {
  it('owns on create all that a new object would not have anyway', () => {
    const next = deployment({
      replicas: 1,
      selector: { matchLabels: { app: 'web' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'a', image: 'x', resources: {} }] },
      },
    })
    const object = deployments.update({ live: undefined, next, manager: 'kubectl-create', now })
    expect(ownersOf(object)['kubectl-create Update']).toEqual({
      'f:spec': {
        'f:replicas': {},
        'f:selector': {},
        'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {} }, 'f:type': {} },
        'f:template': {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:image': {}, 'f:name': {}, 'f:resources': {} } },
          },
        },
      },
    })
  })

  it('takes what it changes, and says when', () => {
    const live = apply(undefined, map({ a: '1', b: '1' }))
    const later = '2026-01-02T00:00:00Z'
    const next = configMaps.update({ live, next: { ...live, data: { a: '2', b: '1' } }, manager: 'editor', now: later })
    expect(ownersOf(next)).toEqual({
      'alice Apply': { 'f:data': { 'f:b': {} } },
      'editor Update': { 'f:data': { 'f:a': {} } },
    })
    const entries = (next.metadata as JsonObject).managedFields as JsonObject[]
    expect(entries.map(({ manager, time }) => [manager, time])).toEqual([
      ['alice', now],
      ['editor', later],
    ])
  })

  it('changes no owner when it changes nothing', () => {
    const live = apply(undefined, map({ a: '1' }))
    expect(configMaps.update({ live, next: live, manager: 'editor', now: '2026-02-02T00:00:00Z' })).toEqual(live)
  })

  it('of the status is told apart by its subresource', () => {
    const live = stored(
      deployments.apply({
        live: undefined,
        applied: deployment({ replicas: 1 }),
        manager: 'kubectl',
        force: false,
        now,
      }),
    )
    const next = statuses.update({
      live,
      next: { ...live, status: { replicas: 1 } },
      manager: 'kube-controller-manager',
      now,
    })
    const entries = (next.metadata as JsonObject).managedFields as JsonObject[]
    expect(entries.map(({ manager, subresource }) => [manager, subresource])).toEqual([
      ['kubectl', undefined],
      ['kube-controller-manager', 'status'],
    ])
  })

  it('forgets all owners when told to', () => {
    const live = apply(undefined, map({ a: '1' }))
    const next = { ...live, metadata: { ...(live.metadata as JsonObject), managedFields: [{}] } }
    expect(ownersOf(configMaps.update({ live, next, manager: 'editor', now }))).toEqual({})
  })

  it('keeps owners that a sender left out', () => {
    const live = apply(undefined, map({ a: '1' }))
    const { managedFields: _, ...metadata } = live.metadata as JsonObject
    expect(ownersOf(configMaps.update({ live, next: { ...live, metadata }, manager: 'editor', now }))).toEqual(
      ownersOf(live),
    )
  })

  it('folds the oldest of many updaters into one', () => {
    let live = apply(undefined, map({}))
    for (let at = 0; at < 14; at++) {
      const next = { ...live, data: { ...(isJsonObject(live.data) ? live.data : {}), [`k${at}`]: 'v' } }
      live = stored(configMaps.update({ live, next, manager: `editor-${at}`, now: `2026-01-01T00:00:${10 + at}Z` }))
    }
    const managers = Object.keys(ownersOf(live))
    expect(managers).toContain('ancient-changes Update')
    expect(managers.filter((manager) => manager.endsWith('Update'))).toHaveLength(10)
  })
})

describe('an object in two versions', () => {
  const second = fieldManagerOf(schemas, { group: 'example.com', version: 'v2', kind: 'Thing' })
  const renamed = (object: JsonObject, from: string, to: string, version: string): JsonObject => {
    const named = { ...object, apiVersion: `example.com/${version}` }
    if (!isJsonObject(object.spec)) return named
    const { [from]: value, ...spec } = object.spec
    return {
      ...named,
      spec: value === undefined ? spec : { ...spec, [to]: value },
    }
  }
  /** As a webhook converts them: not at once. */
  const asFirst = async (object: JsonObject) => renamed(object, 'hostPort', 'host', 'v1')
  const asSecond = async (object: JsonObject) => renamed(object, 'host', 'hostPort', 'v2')
  const inSecond = (apiVersion: string) =>
    apiVersion === 'example.com/v1' ? { ...custom.view, to: asFirst, from: asSecond } : undefined
  const thing = (version: string, spec: JsonObject): JsonObject => ({
    apiVersion: `example.com/${version}`,
    kind: 'Thing',
    metadata: { name: 'a' },
    spec,
  })
  const first = () => {
    const applied = thing('v1', { host: 'a', size: 1 })
    return stored(custom.apply({ live: undefined, applied, manager: 'alice', force: false, now }))
  }

  it('is compared in the version of each owner, though converting takes time', async () => {
    const live = await asSecond(first())
    const next = { ...live, spec: { hostPort: 'b', size: 1 } }
    const object = await second.update({ live, next, manager: 'bob', now }, inSecond)
    expect(ownersOf(object)).toEqual({
      'alice Apply': { 'f:spec': { '.': {}, 'f:size': {} } },
      'bob Update': { 'f:spec': { 'f:hostPort': {} } },
    })
    const applied = thing('v2', { hostPort: 'c' })
    const wish = { live, applied, manager: 'carol', force: false, now }
    await expect(second.apply(wish, inSecond)).rejects.toThrow('conflict with "alice": .spec.host')
  })

  it('loses in one what its applier applied in the other', async () => {
    const live = await asSecond(first())
    const wish = { live, applied: thing('v2', { size: 1 }), manager: 'alice', force: false, now }
    const object = await second.apply(wish, inSecond)
    expect(object.spec).toEqual({ size: 1 })
    expect(ownersOf(object)).toEqual({ 'alice Apply': { 'f:spec': { '.': {}, 'f:size': {} } } })
  })

  it('forgets owners in a version that is no more, and takes away nothing of theirs', async () => {
    const live = await asSecond(first())
    const gone = () => undefined
    const next = { ...live, spec: { hostPort: 'a', size: 2 } }
    expect(ownersOf(await second.update({ live, next, manager: 'bob', now }, gone))).toEqual({
      'bob Update': { 'f:spec': { 'f:size': {} } },
    })
    const wish = { live, applied: thing('v2', { size: 2 }), manager: 'alice', force: false, now }
    expect((await second.apply(wish, gone)).spec).toEqual({ hostPort: 'a', size: 2 })
  })
})

it('tells of no more conflicts than one reads', () => {
  const name = 'a'.repeat(100_000)
  const containers = (value: string) =>
    podSpec({ containers: [{ name, env: Array.from({ length: 500 }, (_, at) => ({ name: `e${at}`, value })) }] })
  const write = (live: JsonObject | undefined, applied: JsonObject, manager: string) =>
    deployments.apply({ live, applied, manager, force: false, now })
  const live = stored(write(undefined, containers('a'), 'alice'))
  const refusal = () => write(live, containers('b'), 'bob')
  expect(refusal).toThrow(/^Apply failed with \d+ conflicts?: /)
  try {
    refusal()
  } catch (err) {
    expect(JSON.stringify((err as StatusError).toStatus()).length).toBeLessThan(1_000_000)
  }
})
