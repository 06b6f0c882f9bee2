// The programs in C that machines have (images/machine), as their image has them: who starts programs for the node agent, and
// what is found before runc. A script stands in the place of runc, and notes what it is asked for.

import { access, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Run, runBy, runHere } from '../kube/node-os/run-program.ts'
import { openTestDataCentre } from './test-data-centre.ts'

const RUNC = '#!/bin/sh\nprintf "%s|" "$@" >> /there/asked\n[ -t 0 ] || cat >> /there/asked\nexit 7\n'

const docker = new Docker()
let there: string
let container: Docker.Container
let inMachine: Run
beforeAll(async () => {
  const { images } = await openTestDataCentre()
  there = await mkdtemp(join(tmpdir(), 'podium-programs-'))
  await writeFile(join(there, 'runc'), RUNC, { mode: 0o755 })
  await symlink('/usr/bin', join(there, 'bin'))
  container = await docker.createContainer({
    Image: images.find(({ recipe }) => recipe.name === 'machine')!.reference,
    Entrypoint: ['/usr/lib/podium/bin/errands', '/there/errands.sock'],
    Labels: { podium: '1' },
    HostConfig: {
      NetworkMode: 'none',
      Init: true,
      Binds: [`${there}:/there`, `${join(there, 'runc')}:/usr/sbin/runc:ro`],
    },
  })
  await container.start()
  // Where nobody listens this process starts what is asked for: it would find no program there.
  const run = runBy(join(there, 'errands.sock'))
  inMachine = (command, args, options) =>
    run(command, args, { ...options, env: { PATH: '/there/bin', ...options?.env } })
  await vi.waitFor(async () => expect((await inMachine('true', [])).exitCode).toBe(0), { timeout: 20_000 })
}, 600_000)
afterAll(async () => {
  await container.remove({ force: true, v: true })
  await rm(there, { recursive: true })
})

describe.each([
  ['this process', () => runHere],
  ['errands', () => inMachine],
])('a program started by %s', (_, run) => {
  it('has its arguments, variables and input, and tells what it says and how it ends', async () => {
    const script = 'cat; echo "$1|$#|$A|$(printenv HOME || echo none)"; echo oh >&2; exit 3'
    const options = { input: 'é\n', env: { A: 'a b\nc' } }
    expect(await run()('sh', ['-c', script, 'sh', 'one two', ''], options)).toEqual({
      exitCode: 3,
      stdout: 'é\none two|2|a b\nc|none\n',
      stderr: 'oh\n',
    })
  })

  it('may say and hear much at once, or hear nothing of it', async () => {
    const input = 'x'.repeat(3_000_000)
    const twice = 'local $/; $_ = <STDIN>; print; print STDERR'
    const { stdout, stderr } = await run()('perl', ['-e', twice], { input, env: { LC_ALL: 'C' } })
    expect([stdout.length, stderr.length]).toEqual([input.length, input.length])
    expect((await run()('true', [], { input })).exitCode).toBe(0)
  })

  it('is one of many', async () => {
    const numbers = Array.from({ length: 60 }, (_one, at) => String(at))
    const said = await Promise.all(numbers.map((number) => run()('echo', [number])))
    expect(said.map(({ stdout }) => stdout.trim())).toEqual(numbers)
  })

  it('that is not there, is ended or takes too long rejects', async () => {
    await expect(run()('no-such-program', [])).rejects.toThrow(expect.objectContaining({ code: 'ENOENT' }))
    await expect(run()('sh', ['-c', 'kill -9 $$'])).rejects.toThrow(/^Command failed: sh/)
    await expect(run()('sleep', ['4711'], { timeoutMs: 200 })).rejects.toThrow('sleep timed out')
    await expect.poll(async () => (await run()('pgrep', ['-f', '^sleep 4711'])).stdout).toBe('')
  })

  it('may close what it says: it still hears its input, and is ended when it takes too long', async () => {
    const silent = (then: string) => ['-c', `exec >&- 2>&-; ${then}`]
    const input = 'x'.repeat(300_000)
    expect((await run()('sh', silent('[ $(wc -c) = 300000 ] && exit 3'), { input })).exitCode).toBe(3)
    await expect(run()('sh', silent('exec sleep 4712'), { timeoutMs: 500 })).rejects.toThrow('sh timed out')
    await expect.poll(async () => (await run()('pgrep', ['-f', '^sleep 4712'])).stdout).toBe('')
  })

  it('is waited for until all that it has started has nothing more to say', async () => {
    const { exitCode, stdout } = await run()('sh', ['-c', '(sleep 0.5; echo late) & echo first; exit 4'])
    expect([exitCode, stdout]).toEqual([4, 'first\nlate\n'])
  })

  it('is ended when it says too much, even if it does not mind that nobody listens', async () => {
    const deaf = '$SIG{PIPE} = "IGNORE"; $0 = "deaf 4713"; print "x" x 65536 for 1..1100; sleep 4713'
    const tooMuch = expect.objectContaining({ code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' })
    await expect(run()('perl', ['-e', deaf])).rejects.toThrow(tooMuch)
    await expect.poll(async () => (await run()('pgrep', ['-f', '^deaf 4713'])).stdout).toBe('')
  })
})

it('is started by this process where nobody listens', async () => {
  expect((await runBy(join(there, 'nobody.sock'))('echo', ['here'])).stdout).toBe('here\n')
})

describe('errands', () => {
  /** Another one, for four seconds, with less of something; hears how that one ended. */
  const limited = async (name: string, limit: string, then = '') => {
    const command = `timeout 4 prlimit ${limit} /usr/lib/podium/bin/errands /there/${name}`
    const ended = inMachine('bash', ['-c', `chmod 711 /there; install -d -m 777 /there/few; ${command}; ${then}`])
    await expect.poll(() => access(join(there, name)).catch(() => 'not yet'), { timeout: 3_000 }).toBeUndefined()
    return { path: join(there, name), ended }
  }

  it('says why it cannot start another program, and goes on', async () => {
    const { path, ended } = await limited('few/forks', '--nproc=1 setpriv --reuid=4711 --clear-groups')
    for (const input of ['', 'x'.repeat(3_000_000)])
      await expect(runBy(path)('true', [], { input })).rejects.toThrow('spawn true EAGAIN')
    await ended
  })

  it('waits while it has no file left for who comes', async () => {
    const { path, ended } = await limited('files', '--nofile=4', 'times')
    const waiting = connect(path).on('error', () => undefined)
    const { stdout } = await ended
    waiting.destroy()
    // Of those that the shell has waited for: of four seconds it takes next to none.
    const [user = 9, system = 9] = [...(stdout.split('\n')[1] ?? '').matchAll(/m([\d.]+)s/g)].map(([, spent]) =>
      Number(spent),
    )
    expect(user + system).toBeLessThan(0.2)
  })
})

describe('runc', () => {
  const ROOT = '/there/root'
  const FIFO = `${ROOT}/one/exec.fifo`
  /** With a container that has been created; `writer` is its first process. */
  const runc = (args: string[], { writer = ':', env = {} }: { writer?: string; env?: Record<string, string> } = {}) => {
    const script = `rm -rf ${ROOT}; mkdir -p ${ROOT}/one; mkfifo ${FIFO}; (${writer}) > /dev/null 2>&1 & exec /usr/lib/podium/bin/runc "$@"`
    return inMachine('bash', ['-c', script, 'bash', ...args], { env, input: 'told' })
  }
  const START = ['--root', ROOT, '--log', '/run/log.json', 'start', 'one']
  const asked = () => readFile(join(there, 'asked'), 'utf8').catch(() => undefined)
  const hasFifo = async () => (await inMachine('test', ['-p', FIFO])).exitCode === 0
  beforeEach(() => rm(join(there, 'asked'), { force: true }))

  it('starts a container that waits for it, also one that is a moment late', async () => {
    for (const writer of [`printf 0 > ${FIFO}`, `sleep 0.1; printf 0 > ${FIFO}`]) {
      expect(await runc(START, { writer })).toEqual({ exitCode: 0, stdout: '', stderr: '' })
      expect(await hasFifo()).toBe(false)
    }
    expect(await asked()).toBeUndefined()
  })

  it.each([
    ['of a container whose process does not come', START, {}],
    ['of a container that is not there', [...START.slice(0, -1), 'two'], {}],
    ['where somebody is to be told that it is ready', START, { NOTIFY_SOCKET: '/run/notify' }],
    ['without a place of its own', ['start', 'one'], {}],
  ])('leaves a start %s to the real one', async (_, args, env) => {
    const isWaiting = !args.includes('--root') || 'NOTIFY_SOCKET' in env
    const writer = isWaiting ? `timeout 2 sh -c "printf 0 > ${FIFO}"` : ':'
    expect((await runc(args, { writer, env })).exitCode).toBe(7)
    expect(await asked()).toBe(`${args.join('|')}|told`)
    expect(await hasFifo()).toBe(true)
  })

  it.each([
    [['--root', ROOT, 'create', '--bundle', '/run/a b', '--pid-file', '', 'one']],
    [['--root', ROOT, 'delete', '--force', 'start']],
    [['--root', ROOT, 'kill', '--all', 'start', '9', 'one']],
    [['--root', ROOT, 'start']],
    [['start']],
    [['--version']],
    [['no-such-command', '--flag=$HOME', '*']],
    [[]],
  ])('hands %j on as it is', async (args) => {
    expect((await runc(args)).exitCode).toBe(7)
    expect(await asked()).toBe(`${args.length > 0 ? args.join('|') : ''}|told`)
    expect(await hasFifo()).toBe(true)
  })
})
