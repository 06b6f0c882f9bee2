import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { FIN } from '../../../base/spdy/frames.ts'
import { SpdyTestClient } from '../../../base/spdy/spdy-test-client.ts'
import type { ExecSession } from '../../container-runtime/container-runtime.ts'
import { serveCommand } from './command-channels.ts'
import { spdyChannels } from './spdy-channels.ts'

/** A command that says what it is told to and ends with a number. */
function command({ exitCode = 0 } = {}) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const ended = Promise.withResolvers<number>()
  const sizes: string[] = []
  let wasKilled = false
  const session: ExecSession = {
    stdin,
    stdout,
    stderr,
    resize: async ({ width, height }) => void sizes.push(`${width}x${height}`),
    exitCode: ended.promise,
    kill: () => {
      wasKilled = true
      end()
    },
  }
  function end(): void {
    stdout.end()
    stderr.end()
    ended.resolve(exitCode)
  }
  return { session, stdin, stdout, stderr, sizes, end, wasKilled: () => wasKilled }
}

async function connect(names: string[], { protocol = 'v4.channel.k8s.io', tty = false } = {}) {
  const client = new SpdyTestClient()
  const wanted = {
    stdin: names.includes('stdin'),
    stdout: names.includes('stdout'),
    stderr: names.includes('stderr'),
  }
  const channels = spdyChannels(client.transport, { protocol, wanted, tty, clock: new FakeClock() })
  const ids: Record<string, number> = {}
  for (const name of names) ids[name] = await client.open({ streamType: name })
  const heard = (name: string) => client.heard(ids[name] ?? 0)
  return { client, channels, ids, heard }
}

const SUCCESS = { metadata: {}, status: 'Success' }

describe('a command over SPDY', () => {
  it('hears its input to the end, and is heard', async () => {
    const { client, channels, ids, heard } = await connect(['error', 'stdin', 'stdout', 'stderr'])
    const { session, stdin, stdout, stderr, end } = command()
    const served = serveCommand(await channels, { begin: async () => session, tty: false })
    client.say(ids.stdin!, 'typed')
    client.say(ids.stdin!, '', { fin: true })
    expect(await text(stdin)).toBe('typed')
    stdout.write('out')
    stderr.write('bad')
    end()
    await served
    await client.ended
    expect(heard('stdout')).toMatchObject({ text: 'out', fin: true })
    expect(heard('stderr')).toMatchObject({ text: 'bad', fin: true })
    expect(JSON.parse(heard('error').text)).toEqual(SUCCESS)
  })

  it.each([
    ['v4.channel.k8s.io', /"reason":"ExitCode","message":"7"/],
    ['v3.channel.k8s.io', /^command terminated with non-zero exit code: exit status 7$/],
    ['channel.k8s.io', /^command terminated with non-zero exit code: exit status 7$/],
  ])('ends in the words of %s', async (protocol, lastWord) => {
    const { client, channels, heard } = await connect(['error', 'stdout'], { protocol })
    const { session, end } = command({ exitCode: 7 })
    end()
    await serveCommand(await channels, { begin: async () => session, tty: false })
    await client.ended
    expect(heard('error').text).toMatch(lastWord)
  })

  it('says nothing at a good end where the protocol knows no status', async () => {
    const { client, channels, heard } = await connect(['error', 'stdout'], { protocol: 'v2.channel.k8s.io' })
    const { session, end } = command()
    end()
    await serveCommand(await channels, { begin: async () => session, tty: false })
    await client.ended
    expect(heard('error')).toEqual({ text: '', fin: true, wasReset: false })
  })

  it('follows the size of the terminal, also what came before it began', async () => {
    const { client, channels, ids } = await connect(['error', 'stdout', 'resize'], { tty: true })
    client.say(ids.resize!, '{"Width":80,"Height":24}\n{"Width":9')
    client.say(ids.resize!, '0,"Height":30}\n{"Wid')
    const ready = await channels
    const { session, sizes, end } = command()
    await client.until(() => client.frames.length >= 3)
    const begun = Promise.withResolvers<ExecSession>()
    const served = serveCommand(ready, { begin: () => begun.promise, tty: true })
    begun.resolve(session)
    client.say(ids.resize!, 'th":100,"Height":40}\n')
    while (sizes.at(-1) !== '100x40') await new Promise((next) => setImmediate(next))
    expect(sizes[0]).toMatch(/^(?:90x30|80x24)$/)
    end()
    await served
  })

  it('is not begun when the client opens less than it asked for', async () => {
    const client = new SpdyTestClient()
    const clock = new FakeClock()
    const wanted = { stdin: false, stdout: true, stderr: false }
    const channels = spdyChannels(client.transport, { protocol: 'v4.channel.k8s.io', wanted, tty: false, clock })
    const refused = expect(channels).rejects.toThrow('timed out waiting for client to create streams')
    await client.open({ streamType: 'error' }, FIN)
    await clock.advance(30_000)
    await refused
  })

  it('is killed when its client has gone', async () => {
    const { client, channels } = await connect(['error', 'stdout'])
    const { session, wasKilled } = command()
    const served = serveCommand(await channels, { begin: async () => session, tty: false })
    client.close()
    await served
    expect(wasKilled()).toBe(true)
  })

  it('says why it could not begin', async () => {
    const { client, channels, heard } = await connect(['error', 'stdout'])
    await serveCommand(await channels, {
      begin: () => Promise.reject(new Error('no such file: "bash"')),
      tty: false,
    })
    await client.ended
    expect(JSON.parse(heard('error').text)).toMatchObject({
      status: 'Failure',
      message: 'error executing command in container: no such file: "bash"',
    })
  })
})
