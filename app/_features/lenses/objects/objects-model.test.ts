import { expect, it } from 'vitest'
import type { SeenObject } from '../../../../server/observe/index.ts'
import { layoutObjects } from './objects-layout.ts'
import { ObjectsModel } from './objects-model.ts'

function object(kind: string, name: string, more: Partial<SeenObject> & { owner?: string } = {}): SeenObject {
  const { owner, ...rest } = more
  return {
    ...{ uid: name, group: '', resource: `${kind.toLowerCase()}s`, kind, namespace: 'default', name },
    ...{ labels: {}, selector: '', selects: [], status: '', revision: 1 },
    owners: owner ? [{ uid: owner, kind: '', name: owner, controls: true }] : [],
    ...rest,
  }
}

//   web ─► web-1 ─► web-1-a, web-1-b       svc ─► svc-x (EndpointSlice)      a, b: ConfigMaps
//       └► web-0 (no Pods any more)        lost: a Pod without a machine
const all = [
  object('Deployment', 'web', { selector: 'app=web', selects: ['web-1-a', 'web-1-b'] }),
  object('ReplicaSet', 'web-0', { owner: 'web', selector: 'app=web,v=0' }),
  object('ReplicaSet', 'web-1', { owner: 'web', selector: 'app=web,v=1' }),
  object('Pod', 'web-1-a', { owner: 'web-1' }),
  object('Pod', 'web-1-b', { owner: 'web-1' }),
  object('Pod', 'lost'),
  object('Service', 'svc', { selector: 'app=web', selects: ['web-1-a'] }),
  object('EndpointSlice', 'svc-x', { owner: 'svc' }),
  object('ConfigMap', 'a'),
  object('ConfigMap', 'b'),
  object('ConfigMap', 'kube-root-ca.crt'),
]

function modelOf(objects: SeenObject[] = all): ObjectsModel {
  const model = new ObjectsModel()
  model.apply({ whole: true, objects, gone: [] })
  return model
}
const get = (model: ObjectsModel, uid: string) => model.get(uid) as SeenObject
const names = (objects: readonly { name: string }[]) => objects.map(({ name }) => name)

it('walks owners up to the root, and down to the Pods', () => {
  const model = modelOf()
  expect(names(model.ownersOf(get(model, 'web-1-a')))).toEqual(['web', 'web-1'])
  expect(names(model.podsUnder(get(model, 'web')))).toEqual(['web-1-a', 'web-1-b'])
  expect(names(model.selectedBy('web-1-a'))).toEqual(['web', 'svc'])
})

it('does not walk in circles when objects claim to own each other', () => {
  const model = modelOf([object('ConfigMap', 'one', { owner: 'two' }), object('ConfigMap', 'two', { owner: 'one' })])
  expect(names(model.ownersOf(get(model, 'one')))).toEqual(['one', 'two'])
  expect(model.podsUnder(get(model, 'one'))).toEqual([])
})

it('keeps what a push does not name, and forgets what is not in a whole one', () => {
  const model = modelOf()
  model.apply({ whole: false, objects: [object('Secret', 'new')], gone: ['a'] })
  expect(model.objects.size).toBe(all.length)
  model.apply({ whole: true, objects: [object('Secret', 'new')], gone: [] })
  expect(names(model.inNamespace('default'))).toEqual(['new'])
})

const room = { x: 0, y: 0, width: 900, height: 98 }
const lay = (width: number, model = modelOf()) =>
  layoutObjects(model, {
    namespace: 'default',
    room: { ...room, width },
    onMachines: new Set(['web-1-a', 'web-1-b']),
  })

it('puts owners over what they own, and Pods without a machine among the rest', () => {
  const { cards, folded } = lay(900)
  const at = new Map(cards.map((card) => [card.object.name, card]))
  expect([...at.keys()].sort()).toEqual(['a', 'b', 'lost', 'svc', 'svc-x', 'web', 'web-0', 'web-1'])
  expect(folded).toEqual([])
  const web = at.get('web')!
  for (const name of ['web-0', 'web-1', 'svc-x']) expect(at.get(name)!.y).toBeGreaterThan(web.y)
  // The one with Pods first; the Deployment stands over both.
  expect(at.get('web-1')!.x).toBe(web.x)
  expect(at.get('web-0')!.x + at.get('web-0')!.width).toBeCloseTo(web.x + web.width)
})

it('folds the oldest of many ReplicaSets', () => {
  const { cards, folded } = lay(900, modelOf([...all, object('ReplicaSet', 'web-00', { owner: 'web' })]))
  expect(names(folded)).toEqual(['web-00'])
  expect(cards).toHaveLength(8)
})

it('draws no line between two that merely share a column', () => {
  expect(lay(900).lines).toHaveLength(3)
})

it.each([240, 360, 532, 900])('overlaps nothing in %d px, and folds what finds no room', (width) => {
  const { cards, folded } = lay(width)
  for (const card of cards) expect(card.x + card.width).toBeLessThanOrEqual(width + 0.01)
  for (const [index, one] of cards.entries()) {
    for (const other of cards.slice(index + 1)) {
      const apart = one.x + one.width <= other.x || other.x + other.width <= one.x || one.y !== other.y
      expect(apart).toBe(true)
    }
  }
  expect(cards.length + folded.length).toBe(8)
})
