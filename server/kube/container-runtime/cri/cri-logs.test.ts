import { appendFile, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { type LogOptions, readLogs, removeLogs, rotateLog } from './cri-logs.ts'

const FILE = [
  '2026-11-27T13:00:01.000000001Z stdout F one',
  '2026-11-27T13:00:02.000000002Z stderr F two of stderr',
  '2026-11-27T13:00:03.000000003Z stdout P three, ',
  '2026-11-27T13:00:03.000000004Z stdout F in two pieces',
  '2026-11-27T13:00:04.000000005Z stdout F ',
  '2026-11-27T13:00:05.000000006Z stdout F five  spaces ',
  '',
].join('\n')

let directory: string
let path: string
let clock: FakeClock
let over: boolean

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-logs-'))
  path = join(directory, '0.log')
  clock = new FakeClock()
  over = false
  await writeFile(path, FILE)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

function open(told: Partial<LogOptions> = {}) {
  const options = { follow: false, timestamps: false, signal: new AbortController().signal, ...told }
  return readLogs(path, options, { isOver: async () => over, clock })
}
async function read(told: Partial<LogOptions> = {}): Promise<string> {
  let text = ''
  for await (const piece of open(told)) text += piece
  return text
}

describe('what was said', () => {
  it.each<[string, Partial<LogOptions>, string]>([
    ['all of it', {}, 'one\ntwo of stderr\nthree, in two pieces\n\nfive  spaces \n'],
    ['the last lines', { tailLines: 2 }, '\nfive  spaces \n'],
    ['more lines than there are', { tailLines: 100 }, 'one\ntwo of stderr\nthree, in two pieces\n\nfive  spaces \n'],
    ['none', { tailLines: 0 }, ''],
    ['since a time', { sinceTime: Date.parse('2026-11-27T13:00:04Z') }, '\nfive  spaces \n'],
    [
      'with times',
      { timestamps: true, tailLines: 4 },
      '2026-11-27T13:00:03.000000003Z three, in two pieces\n2026-11-27T13:00:04.000000005Z \n' +
        '2026-11-27T13:00:05.000000006Z five  spaces \n',
    ],
  ])('%s', async (_what, told, text) => {
    expect(await read(told)).toBe(text)
  })

  it('is found from the end of a file longer than what is read at once', async () => {
    const long = Array.from({ length: 5000 }, (_, at) => `2026-11-27T13:00:01Z stdout F line ${at}\n`).join('')
    await writeFile(path, long)
    expect(await read({ tailLines: 3000 })).toBe(
      Array.from({ length: 3000 }, (_, at) => `line ${2000 + at}\n`).join(''),
    )
    expect((await read()).split('\n')).toHaveLength(5001)
  })

  it('goes on without what the runtime had not written to its end', async () => {
    await appendFile(path, '2026-11-27T13:0')
    expect(await read({ tailLines: 1 })).toBe('five  spaces \n')
    await writeFile(path, '2026-11-27T13:0\n2026-11-27T13:00:06Z stdout F six\n')
    expect(await read()).toBe('six\n')
  })
})

describe('following', () => {
  it('goes on in the file that takes the place of one put aside, until the container is over', async () => {
    const lines = open({ follow: true, tailLines: 1 })
    const next = async () => {
      const piece = lines.next()
      let came = false
      void piece.then(() => {
        came = true
      })
      while (!came) await clock.advance(100)
      return (await piece).value?.toString()
    }
    expect(await next()).toBe('five  spaces \n')
    await appendFile(path, '2026-11-27T13:00:06Z stdout F six\n')
    expect(await next()).toBe('six\n')
    await rename(path, `${path}.aside`)
    await writeFile(path, '2026-11-27T13:00:07Z stdout F seven\n')
    expect(await next()).toBe('seven\n')
    await appendFile(path, '2026-11-27T13:00:08Z stdout F the last\n')
    over = true
    expect(await next()).toBe('the last\n')
    expect(await next()).toBeUndefined()
  })

  it('ends when nobody wants more', async () => {
    const stop = new AbortController()
    const lines = open({ follow: true, tailLines: 0, signal: stop.signal })
    const end = lines.next()
    stop.abort()
    expect((await end).done).toBe(true)
  })
})

describe('a log that has become too long', () => {
  const rotate = (reopen: () => Promise<unknown>, now: number) =>
    rotateLog(path, { maxSizeBytes: 100, maxFiles: 3 }, { reopen, now })

  it('is put aside under its time; of those put aside the oldest go, and all with their container', async () => {
    await writeFile(join(directory, '1.log'), 'of another one')
    for (const day of [1, 2, 3]) {
      await rotate(() => writeFile(path, FILE), Date.UTC(2026, 10, day))
    }
    expect((await readdir(directory)).sort()).toEqual([
      '0.log',
      '0.log.20261102000000',
      '0.log.20261103000000',
      '1.log',
    ])
    await removeLogs(path)
    expect(await readdir(directory)).toEqual(['1.log'])
  })

  it('stays where it was when the runtime does not begin a new one, and while it is short', async () => {
    await expect(rotate(() => Promise.reject(new Error('busy')), 0)).rejects.toThrow('busy')
    expect(await readdir(directory)).toEqual(['0.log'])
    await writeFile(path, 'short')
    await rotate(() => Promise.reject(new Error('not needed')), 0)
  })
})
