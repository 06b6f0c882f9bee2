import { describe, expect, it } from 'vitest'
import { deepFreeze } from '../apimachinery/deep.ts'
import { inGoOrder, sortedKeys } from './go-order.ts'
import { loadSchemas } from './load-schemas.ts'

const schemas = loadSchemas()
const POD = { group: '', version: 'v1', kind: 'Pod' }
const pod = (object: object) => JSON.stringify(inGoOrder(schemas, POD, object))

describe('the order in which Go writes', () => {
  it('is that of the struct’s fields, to the last list element', () => {
    const container = { image: 'nginx', env: [{ value: 'b', name: 'A' }], name: 'c' }
    expect(
      pod({ spec: { containers: [container] }, metadata: { uid: 'u', name: 'web' }, apiVersion: 'v1', kind: 'Pod' }),
    ).toBe(
      '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","uid":"u"},' +
        '"spec":{"containers":[{"name":"c","image":"nginx","env":[{"name":"A","value":"b"}]}]}}',
    )
  })

  it('is that of the alphabet for the keys of a map, whatever they are called', () => {
    const labels = JSON.parse('{"b":"2","a":"1","__proto__":"3"}')
    expect(pod({ metadata: { labels } })).toBe('{"metadata":{"labels":{"__proto__":"3","a":"1","b":"2"}}}')
  })

  it('costs no copy of what is in order, and of what was frozen', () => {
    const metadata = { name: 'web', labels: { a: '1' } }
    const spec = deepFreeze({ nodeName: 'n', containers: [] })
    const sorted = { metadata, spec }
    expect(inGoOrder(schemas, POD, sorted)).toBe(sorted)
    const turned = inGoOrder(schemas, POD, { spec, metadata })
    expect(turned.metadata).toBe(metadata)
    expect(turned.spec).toBe(spec)
  })

  it('is nobody’s of custom resources, which people are shown with sorted keys', () => {
    const object = { kind: 'A', b: [{ d: 1, c: 2 }], apiVersion: 'x/v1' }
    expect(inGoOrder(schemas, { group: 'x', version: 'v1', kind: 'A' }, object)).toBe(object)
    expect(JSON.stringify(sortedKeys(object))).toBe('{"apiVersion":"x/v1","b":[{"c":2,"d":1}],"kind":"A"}')
  })
})
