import { afterEach, beforeEach, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { Secret } from '../../kinds/index.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'

let loops: TestLoops
beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
})
afterEach(() => loops[Symbol.asyncDispose]())

it('deletes tokens when their time is over, and nothing else', async () => {
  const create = (id: string, when: number | string | undefined, type = 'bootstrap.kubernetes.io/token') => {
    const after = (seconds: number) => new Date(loops.clock.now() + seconds * 1000).toISOString().replace(/\.\d+/, '')
    const at = typeof when === 'number' ? after(when) : when
    const expiration: Record<string, string> = at === undefined ? {} : { expiration: at }
    return loops.client.of(Secret).create({
      metadata: { namespace: 'kube-system', name: `bootstrap-token-${id}` },
      type,
      stringData: { 'token-id': id, 'token-secret': 'abcdefghijklmnop', ...expiration },
    })
  }
  const left = async () =>
    (await loops.client.of(Secret).list({ namespace: 'kube-system' })).items
      .map(({ metadata }) => metadata?.name?.slice(-6))
      .sort()
  await create('aaaaaa', -10)
  await create('bbbbbb', 60)
  await create('cccccc', undefined)
  await create('dddddd', -10, 'Opaque')
  // A day, and no time.
  await create('eeeeee', '2100-01-01')
  await loops.run(['tokencleaner'])
  await loops.until('the old ones have gone', async () => (await left()).length === 3)
  expect(await left()).toEqual(['bbbbbb', 'cccccc', 'dddddd'])
  const since = loops.clock.now()
  await loops.until('the next has gone', async () => (await left()).length === 2)
  expect(loops.clock.now() - since).toBeGreaterThan(50_000)
  expect(await left()).toEqual(['cccccc', 'dddddd'])
})
