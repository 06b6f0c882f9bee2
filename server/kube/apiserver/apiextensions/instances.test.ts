import { expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { CauseMap } from '../watch-cache/cause-map.ts'
import { Instances } from './instances.ts'

/** As much of a registry as is asked; some of its objects cannot be deleted. */
function instancesOf(objects: string[], broken: Record<string, string>) {
  let left = objects
  const registry = {
    list: async () => ({
      entries: left.map((path) => {
        const [namespace, name] = path.split('/')
        return { object: { metadata: { namespace, name } } }
      }),
    }),
    delete: async (_context: unknown, { namespace, name }: { namespace: string; name: string }) => {
      const path = `${namespace}/${name}`
      if (broken[path]) throw new Error(broken[path])
      left = left.filter((one) => one !== path)
    },
  } as unknown as ConstructorParameters<typeof Instances>[0]
  return { instances: new Instances(registry, { clock: new FakeClock(), causes: new CauseMap() }), left: () => left }
}

it('deletes what it can where some cannot be, and says of all that could not', async () => {
  const all = ['a/1', 'a/2', 'a/3', 'b/1', 'c/1', 'c/2']
  const { instances, left } = instancesOf(all, { 'a/2': 'no two', 'c/1': 'no one' })
  await expect(instances.deleteAll(1)).rejects.toThrow(/^\[no two, no one\]$/)
  expect(left()).toEqual(['a/2', 'a/3', 'c/1', 'c/2'])
})

it('says what all say alike once', async () => {
  const { instances } = instancesOf(['a/1', 'b/1'], { 'a/1': 'no', 'b/1': 'no' })
  await expect(instances.deleteAll(1)).rejects.toThrow(/^no$/)
})
