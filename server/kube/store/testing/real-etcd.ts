// A real etcd member, or several, for tests: started in a directory on free ports of loopback, killed at the end.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { until } from '../../../../e2e/support/until.ts'

/** Where an etcd lies whose disk nobody asks about: in memory, as a busy disk holds it up until it gives up (`request timed out`). */
export const etcdTmpdir = () => (existsSync('/dev/shm') ? '/dev/shm' : tmpdir())

export interface RealEtcd extends AsyncDisposable {
  url: string
  kill(): Promise<void>
  start(): Promise<void>
}

interface Options {
  /** Default: Debian's. */
  program?: string
  directory: string
}

export interface MemberTls {
  caFile: string
  certFile: string
  keyFile: string
}

/** One member. Resolves when it is healthy. */
export async function startEtcd({ program = 'etcd', directory }: Options): Promise<RealEtcd> {
  const [member] = await startEtcdMembers({ program, directory, count: 1 })
  return member as RealEtcd
}

/** A cluster; with `tls`, between its members as well as to clients, who must show a certificate. */
export async function startEtcdMembers(options: Options & { count: number; tls?: MemberTls }): Promise<RealEtcd[]> {
  const { program = 'etcd', directory, count, tls } = options
  const scheme = tls ? 'https' : 'http'
  const ports = await freePorts(2 * count)
  const url = (index: number) => `${scheme}://127.0.0.1:${ports[index]}`
  const all = Array.from({ length: count }, (_, index) => `m${index}=${url(count + index)}`).join(',')
  await mkdir(directory, { recursive: true })
  const members = Array.from({ length: count }, (_, index) => {
    const [client, peer] = [url(index), url(count + index)]
    const words = [
      ...['--name', count === 1 ? 'default' : `m${index}`],
      // A restored directory is given as it is; members of a cluster lie side by side in it.
      ...['--data-dir', count === 1 ? directory : join(directory, `m${index}`)],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', count === 1 ? `default=${peer}` : all],
      ...(tls ? tlsFlags(tls) : []),
    ]
    return new Member(program, words, client)
  })
  await Promise.all(members.map((member) => member.start()))
  return members
}

function tlsFlags({ caFile, certFile, keyFile }: MemberTls): string[] {
  const both = ['', 'peer-'].flatMap((who) => [
    ...[`--${who}cert-file`, certFile, `--${who}key-file`, keyFile],
    ...[`--${who}trusted-ca-file`, caFile, `--${who}client-cert-auth`],
  ])
  return both
}

class Member implements RealEtcd {
  readonly url: string
  readonly #program: string
  readonly #words: string[]
  #child: ChildProcess | undefined

  constructor(program: string, words: string[], url: string) {
    this.#program = program
    this.#words = words
    this.url = url
  }

  async start(): Promise<void> {
    const child = spawn(this.#program, this.#words, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    let told = ''
    child.stderr.on('data', (chunk) => {
      told = (told + chunk).slice(-4000)
    })
    await until(`etcd at ${this.url} listens`, async () => {
      if (child.exitCode !== null) throw new Error(`etcd ended: ${told}`)
      return isListening(this.url)
    })
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await new Promise((gone) => child.once('close', gone))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

/** Without a certificate TLS clients get no further than this; that there is a leader is for them to find out. */
async function isListening(url: string): Promise<boolean> {
  if (url.startsWith('http:')) {
    return fetch(`${url}/health`).then(
      (answer) => answer.ok,
      () => false,
    )
  }
  const { port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false })
    socket.once('secureConnect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))))
  return ports
}
