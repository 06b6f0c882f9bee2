import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import type { ConnectionNews } from './connection-news.ts'
import { ConnectionWatch } from './connection-watch.ts'

const READY = 'NOTICE: Netlink socket buffer size has been set to 16777216 bytes.\n'
const line = (id: number) =>
  `[1795731727.954058]\t    [NEW] udp      17 30 src=10.1.0.2 dst=10.1.0.9 sport=1 dport=2 [UNREPLIED] src=10.1.0.9 dst=10.1.0.2 sport=2 dport=1 id=${id}\n`

function setUp() {
  const clock = new FakeClock()
  const processes: { stdout: PassThrough; stderr: PassThrough; isKilled: boolean; end(how: string): void }[] = []
  const watch = new ConnectionWatch({
    run: () => {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()]
      const ended = Promise.withResolvers<string>()
      const process = { stdout, stderr, isKilled: false, end: ended.resolve }
      processes.push(process)
      return {
        stdout,
        stderr,
        ended: ended.promise,
        kill: () => {
          process.isKilled = true
          ended.resolve('SIGTERM')
        },
      }
    },
    clock,
    logger: noLogger,
  })
  const listen = () => {
    const heard: ConnectionNews[] = []
    return { heard, listening: watch.listen((news) => heard.push(news)) }
  }
  const words = (heard: ConnectionNews[]) => heard.map((news) => ('id' in news ? news.id : news.type))
  return { clock, watch, processes, listen, words }
}

describe('the connections of a machine', () => {
  it('are watched by one process while anybody listens, and by none afterwards', async () => {
    const { processes, listen, clock } = setUp()
    expect(processes).toHaveLength(0)
    const one = listen()
    const other = listen()
    expect(processes).toHaveLength(1)
    one.listening[Symbol.dispose]()
    expect(processes[0]?.isKilled).toBe(false)
    other.listening[Symbol.dispose]()
    expect(processes[0]?.isKilled).toBe(true)
    await clock.advance(60_000)
    expect(processes).toHaveLength(1)
    expect(clock.pending).toBe(0)
    listen()
    expect(processes).toHaveLength(2)
  })

  it('are told from the moment on that the kernel tells them, also to who comes later', async () => {
    const { processes, listen, words } = setUp()
    const { heard } = listen()
    expect(words(heard)).toEqual([])
    processes[0]?.stderr.write(READY)
    await settlePromises()
    processes[0]?.stdout.write(line(1) + line(2).slice(0, 40))
    await settlePromises()
    const late = listen()
    processes[0]?.stdout.write(line(2).slice(40))
    await settlePromises()
    expect(words(heard)).toEqual(['listening', '1', '2'])
    expect(words(late.heard)).toEqual(['listening', '2'])
  })

  it('that were lost are told to be lost', async () => {
    const { processes, listen } = setUp()
    const { heard } = listen()
    processes[0]?.stderr.write('WARNING: We have hit ENOBUFS! We are losing events.\n')
    await settlePromises()
    expect(heard).toEqual([{ type: 'lost', why: 'the kernel had more to tell than its buffer holds' }])
  })

  it('are watched again when the process ends, later each time', async () => {
    const { processes, listen, clock, words } = setUp()
    const { heard, listening } = listen()
    processes[0]?.stderr.write(READY)
    await settlePromises()
    for (const waitsMs of [200, 400]) {
      processes.at(-1)?.end('exit code 1')
      await clock.advance(waitsMs - 1)
      const before = processes.length
      await clock.advance(1)
      expect(processes).toHaveLength(before + 1)
    }
    expect(words(heard)).toEqual(['listening', 'lost', 'lost'])
    processes.at(-1)?.end('exit code 1')
    await settlePromises()
    listening[Symbol.dispose]()
    expect(clock.pending).toBe(0)
  })
})
