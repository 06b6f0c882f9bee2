import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigMap } from '../kinds/index.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

describe('API server', () => {
  let test: TestServer
  beforeAll(async () => {
    test = await startTestServer()
  })
  afterAll(() => test[Symbol.asyncDispose]())

  it('creates, reads, lists, updates and deletes', async () => {
    const maps = test.client.of(ConfigMap)
    const made = await maps.create({ metadata: { name: 'a', namespace: 'default' }, data: { x: '1' } })
    expect(made.metadata?.uid).toMatch(/^[0-9a-f-]{36}$/)
    expect(await maps.get({ namespace: 'default', name: 'a' })).toBe(made)
    expect((await maps.list({ namespace: 'default' })).items).toEqual([made])
    const changed = await maps.update({ ...made, data: { x: '2' } })
    expect(Number(changed.metadata?.resourceVersion)).toBeGreaterThan(Number(made.metadata?.resourceVersion))
    await expect(maps.update({ ...made, data: { x: '3' } })).rejects.toMatchObject({
      code: 409,
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    })
    await maps.delete({ namespace: 'default', name: 'a' })
    await expect(maps.get({ namespace: 'default', name: 'a' })).rejects.toMatchObject({ code: 404 })
  })
})
