import { describe, expect, it } from 'vitest'
import { ClusterSchemas } from './cluster-schemas.ts'

function cluster() {
  const index: Record<string, string> = { 'api/v1': '/v1?hash=A', 'apis/apps/v1': '/apps?hash=A' }
  const asked: string[] = []
  let isDown = false
  const answer = <T>(what: string, value: T): Promise<T> => {
    asked.push(what)
    return isDown ? Promise.reject(new Error('down')) : Promise.resolve(value)
  }
  const schemas = new ClusterSchemas({
    index: () => answer('index', { ...index }),
    document: (path) => answer(path, { [index[path] ?? '']: {} }),
  })
  const setDown = (down: boolean) => {
    isDown = down
  }
  return { index, asked, schemas, setDown }
}

const manifest = 'apiVersion: apps/v1\n---\napiVersion: v1\n---\napiVersion: example.com/v1\n'

describe('ClusterSchemas', () => {
  it('loads what a manifest speaks of, once', async () => {
    const { schemas, asked } = cluster()
    const [known] = await Promise.all([schemas.knowing(manifest), schemas.knowing(manifest)])
    await schemas.knowing(manifest)
    expect(asked.sort()).toEqual(['api/v1', 'apis/apps/v1', 'index'])
    expect([...known.loaded.keys()].sort()).toEqual(['api/v1', 'apis/apps/v1'])
    expect(known.groupVersions).toEqual(['api/v1', 'apis/apps/v1'])
  })

  it('finds what came meanwhile, and loads again only what has changed', async () => {
    const { schemas, asked, index } = cluster()
    await schemas.knowing(manifest)
    asked.length = 0
    index['apis/example.com/v1'] = '/example?hash=A'
    index['apis/apps/v1'] = '/apps?hash=B'
    schemas.refresh()
    const { loaded } = await schemas.knowing(manifest)
    expect(asked).toEqual(['index', 'apis/apps/v1', 'apis/example.com/v1'])
    expect(loaded.get('apis/apps/v1')).toHaveProperty(['/apps?hash=B'])
  })

  it('asks again after the cluster did not answer', async () => {
    const { schemas, setDown } = cluster()
    setDown(true)
    await expect(schemas.knowing(manifest)).rejects.toThrow('down')
    setDown(false)
    expect((await schemas.knowing(manifest)).loaded.size).toBe(2)
  })
})
