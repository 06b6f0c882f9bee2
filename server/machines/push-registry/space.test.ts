import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Accounts, forgetUpload, spaceOf } from './space.ts'

const LAYER = 'ab'.padEnd(64, '0')
const OTHER = 'cd'.padEnd(64, '1')
let root: string
const put = async (path: string, bytes: number) => {
  const file = join(root, 'docker/registry/v2', path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, Buffer.alloc(bytes))
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'podium-space-'))
  await put(`blobs/sha256/ab/${LAYER}/data`, 1_000_000)
  await put(`blobs/sha256/cd/${OTHER}/data`, 5_000_000)
  for (const name of ['hello', 'again']) await put(`repositories/lab-a/${name}/_layers/sha256/${LAYER}/link`, 71)
  await put('repositories/lab-a/hello/_uploads/0f3c/data', 2_000_000)
  await put(`repositories/lab-b/hello/_layers/sha256/${OTHER}/link`, 71)
})
afterAll(() => rm(root, { recursive: true, force: true }))

it('charges for each layer once, for what is being uploaded, and for every file', async () => {
  const space = await spaceOf(root, 'lab-a')
  expect(space).toBeGreaterThan(3_000_000)
  expect(space).toBeLessThan(3_100_000)
  expect(await spaceOf(root, 'lab-c')).toBe(0)
  const uploads = Array.from({ length: 20 }, (_, n) => `repositories/lab-c/small/_uploads/${n}/startedat`)
  await Promise.all(uploads.map((path) => put(path, 20)))
  expect(await spaceOf(root, 'lab-c')).toBeGreaterThan(20 * 4096)
})

it('counts no more what was sent of an upload that is refused', async () => {
  await put('repositories/lab-d/hello/_uploads/0f3c/data', 3_000_000)
  await forgetUpload(root, 'lab-d/hello', '0f3c')
  expect(await spaceOf(root, 'lab-d')).toBeLessThan(100_000)
})

it('lets requests of one owner that are under way draw on one account, and looks anew afterwards', async () => {
  let used = 40
  const accounts = new Accounts({ quotaBytes: 100, used: async () => used })
  const [one, two] = await Promise.all([accounts.open('lab-a'), accounts.open('lab-a')])
  expect([one.take(50), two.take(50), two.take(10)]).toEqual([true, false, true])
  expect((await accounts.open('lab-b')).take(60)).toBe(true)
  one[Symbol.dispose]()
  expect((await accounts.open('lab-a')).take(1)).toBe(false)
  two[Symbol.dispose]()
  used = 99
  const late = new Accounts({ quotaBytes: 100, used: async () => used })
  const before = await late.open('lab-a')
  before[Symbol.dispose]()
  used = 0
  expect((await late.open('lab-a')).take(100)).toBe(true)
})
