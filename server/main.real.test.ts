// The server as a process: what it prints, whom it lets in, whom it refuses, and that it leaves nothing behind.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

interface Server {
  child: ChildProcess
  output(): string
  ended: Promise<number | null>
  /** Resolves with the link, rejects when the process ends without one. */
  ready: Promise<URL>
}

let home: string
let first: Server

function start(environment: Record<string, string> = {}): Server {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'main.ts')],
    {
      env: {
        ...process.env,
        NODE_ENV: 'production',
        PODIUM_HOME: home,
        PODIUM_PORT: '0',
        PODIUM_MACHINES: 'simulated',
        PODIUM_WARM: '0',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  const link = Promise.withResolvers<URL>()
  const read = (chunk: Buffer) => {
    output += chunk
    const found = /^Podium is ready: (\S+)$/m.exec(output)
    if (found?.[1]) link.resolve(new URL(found[1]))
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  void ended.then((code) => link.reject(new Error(`ended with ${code}:\n${output}`)))
  link.promise.catch(() => undefined)
  return { child, output: () => output, ended, ready: link.promise }
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'podium-main-'))
  first = start()
  await first.ready
}, 60_000)

afterAll(async () => {
  first.child.kill('SIGKILL')
  await first.ended
  rmSync(home, { recursive: true, force: true })
})

describe('the classroom server', () => {
  it('lets a browser in by its link, and with the cookie again', async () => {
    const link = await first.ready
    const entered = await fetch(link, { redirect: 'manual' })
    expect(entered.status).toBe(303)
    const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? ''
    const course = await fetch(new URL('/api/trpc/course.overview', link), { headers: { cookie } })
    expect(course.status).toBe(200)
    expect((await course.json()).result.data.machines).toMatchObject({ kind: 'simulated' })
    const foreign = await fetch(new URL('/api/trpc/course.overview', link), {
      headers: { cookie, origin: 'https://evil.example' },
    })
    expect(foreign.status).toBe(403)
  })

  it('refuses to share its state directory with a second one, and names the first', async () => {
    const second = start()
    await expect(second.ready).rejects.toThrow(
      `runs already at ${(await first.ready).origin} (process ${first.child.pid})`,
    )
    expect(await second.ended).toBe(1)
  })

  it('says which port is taken', async () => {
    const other = mkdtempSync(join(tmpdir(), 'podium-main-'))
    const { port } = await first.ready
    const second = start({ PODIUM_HOME: other, PODIUM_PORT: port })
    await expect(second.ready).rejects.toThrow(`port ${port} is taken by another program`)
    expect(second.output()).not.toContain('    at ')
    rmSync(other, { recursive: true })
  })

  it('says in a line what it cannot write of its state directory', async () => {
    const odd = mkdtempSync(join(tmpdir(), 'podium-odd-'))
    const record = join(odd, 'classroom', 'server.json')
    mkdirSync(record, { recursive: true })
    const server = start({ PODIUM_HOME: odd })
    expect(await server.ended).toBe(1)
    expect(server.output()).toBe(`podium: ${record}: this is a directory; a file is needed\n`)
    rmSync(odd, { recursive: true })
  }, 30_000)

  it('says what is wrong with the environment', async () => {
    const second = start({ PODIUM_PORT: 'eighty' })
    await expect(second.ready).rejects.toThrow('PODIUM_PORT')
    expect(second.output()).not.toContain('    at ')
  })

  it.each(['SIGHUP', 'SIGINT'] as const)(
    'ends in order by %s, with its cluster host, also when nobody reads any more',
    async (signal) => {
      if (signal === 'SIGINT') first = start()
      await first.ready
      const hosts = () =>
        readdirSync('/proc')
          .filter((name) => /^\d+$/.test(name))
          .filter((pid) => commandOf(pid).includes(`cluster-host\0--state-dir\0${home}`))
      expect(hosts()).toHaveLength(1)
      first.child.stdout?.destroy()
      first.child.stderr?.destroy()
      first.child.kill(signal)
      expect(await first.ended).toBe(0)
      expect(hosts()).toEqual([])
      expect(readdirSync(join(home, 'classroom'))).not.toContain('server.json')
    },
  )
})

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
