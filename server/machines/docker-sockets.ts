// The engines of a cluster's machines as sockets in its terminal, so that `docker` there speaks to a machine. Bytes are
// handed on by a program that runs on the machine, entered as for a shell: the host opens no socket of a machine's by its
// path, which its learner could make lead elsewhere.
//
//   terminal  /run/machines/node-1.sock ── this process ── docker exec enter.sh socat ── /var/run/docker.sock of node-1
import { chmod, chown, mkdir, readdir, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import type Docker from 'dockerode'
import type { Machine } from '../kube/cluster/machine-provider.ts'
import { ENTER } from './machine.ts'

/** At once, for one cluster: each is a process on a machine. */
const MOST_CONNECTIONS = 16
/** Whoever has said all may still be waiting for an answer. */
const HAND_ON = ['socat', '-t', '86400', '-', 'UNIX-CONNECT:/var/run/docker.sock']

export class DockerSockets {
  #docker: Docker
  #root: string
  #open = new Map<string, { servers: Server[]; sockets: Set<Socket> }>()

  constructor({ docker, stateDir }: { docker: Docker; stateDir: string }) {
    this.#docker = docker
    this.#root = join(stateDir, 'sockets')
  }

  /** Outlives this process, as the terminal does that has it mounted. */
  directoryOf = (cluster: string, terminal: string): string => join(this.#root, cluster, terminal)

  /** One for each machine, for `user` alone. */
  async open(told: { cluster: string; terminal: string; machines: readonly Machine[]; user: number }): Promise<void> {
    const { cluster, terminal, machines, user } = told
    this.close(cluster, terminal)
    const directory = this.directoryOf(cluster, terminal)
    await mkdir(this.#root, { recursive: true, mode: 0o700 })
    await mkdir(directory, { recursive: true, mode: 0o755 })
    for (const name of await readdir(directory)) await rm(join(directory, name))
    const servers: Server[] = []
    const sockets = new Set<Socket>()
    this.#open.set(directory, { servers, sockets })
    for (const { id, name } of machines) {
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        if (sockets.size >= MOST_CONNECTIONS) return void socket.destroy()
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
        this.#handOn(socket, id).catch(() => socket.destroy())
      })
      servers.push(server)
      const path = join(directory, `${name}.sock`)
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
      await chown(path, user, user)
      await chmod(path, 0o600)
    }
  }

  close(cluster: string, terminal: string): void {
    this.#end(this.directoryOf(cluster, terminal))
  }

  async forget(cluster: string): Promise<void> {
    await rm(join(this.#root, cluster), { recursive: true, force: true })
  }

  [Symbol.dispose](): void {
    for (const directory of [...this.#open.keys()]) this.#end(directory)
  }

  #end(directory: string): void {
    const { servers = [], sockets = [] } = this.#open.get(directory) ?? {}
    for (const server of servers) server.close()
    for (const socket of sockets) socket.destroy()
    this.#open.delete(directory)
  }

  async #handOn(socket: Socket, machine: string): Promise<void> {
    socket.on('error', () => undefined)
    const exec = await this.#docker.getContainer(machine).exec({
      Cmd: [ENTER, ...HAND_ON],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    })
    const stream = await exec.start({ hijack: true, stdin: true })
    if (socket.destroyed) return void stream.destroy()
    stream.on('error', () => socket.destroy())
    socket.once('close', () => stream.destroy())
    socket.pipe(stream)
    stream.pipe(new OutputOnly()).pipe(socket)
  }
}

/**
 * What a command in a container says on its standard output, out of the frames in which the engine sends both: a byte that
 * tells which, three that are nothing, four with the length.
 */
export class OutputOnly extends Transform {
  #header = Buffer.alloc(0)
  #left = 0
  #isOutput = false

  override _transform(chunk: Buffer, _encoding: string, done: () => void): void {
    let rest = chunk
    while (rest.length > 0) {
      if (this.#left === 0) {
        const wanted = 8 - this.#header.length
        this.#header = Buffer.concat([this.#header, rest.subarray(0, wanted)])
        rest = rest.subarray(wanted)
        if (this.#header.length < 8) break
        this.#isOutput = this.#header[0] === 1
        this.#left = this.#header.readUInt32BE(4)
        this.#header = Buffer.alloc(0)
        continue
      }
      const part = rest.subarray(0, this.#left)
      if (this.#isOutput) this.push(part)
      this.#left -= part.length
      rest = rest.subarray(part.length)
    }
    done()
  }
}
