// exec and attach over WebSocket, protocols v5 and v4.channel.k8s.io: each binary message begins with the number of
// its channel.
//
//   0 stdin   1 stdout   2 stderr   3 the end, as a Status in JSON   4 {"Width":80,"Height":24}
//   255 (v5 only) the channel named in the next byte is closed: the client's stdin has ended
//
// Upstream: apimachinery/pkg/util/remotecommand, client-go/tools/remotecommand/websocket.go.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Logger } from '../../../base/logger.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import type { ExecSession } from '../../container-runtime/container-runtime.ts'
import type { Kubelet } from '../kubelet.ts'
import { findContainer, idOf } from './find-container.ts'

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io']
const STDIN = 0
const STDOUT = 1
const STDERR = 2
const ERROR = 3
const RESIZE = 4
const CLOSE = 255
/** More than this waiting to be sent, and the command has to pause. */
const HIGH_WATER = 1 << 20

export class StreamServer implements Disposable {
  readonly #kubelet: Kubelet
  readonly #logger: Logger
  readonly #server = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => PROTOCOLS.find((one) => offered.has(one)) ?? false,
  })
  readonly #open = new Set<WebSocket>()

  constructor(options: { kubelet: Kubelet; logger: Logger }) {
    this.#kubelet = options.kubelet
    this.#logger = options.logger
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? '/', 'https://kubelet')
    const [what = '', namespace = '', pod = '', container = ''] = url.pathname
      .split('/')
      .slice(1)
      .map(decodeURIComponent)
    const offered = String(request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/)
    let id: string
    try {
      if (what !== 'exec' && what !== 'attach') throw new StatusError('NotFound', 'the kubelet knows no such stream')
      if (!/^websocket$/i.test(request.headers.upgrade ?? '') || !PROTOCOLS.some((one) => offered.includes(one))) {
        throw new StatusError(
          'BadRequest',
          `unable to upgrade: only WebSocket with ${PROTOCOLS.join(' or ')} is spoken here`,
        )
      }
      id = this.#runningContainer(namespace, pod, container)
    } catch (err) {
      answer(socket, err)
      return
    }
    const query = url.searchParams
    const options = {
      command: query.getAll('command'),
      tty: isTrue(query, 'tty'),
      stdin: isTrue(query, 'stdin'),
    }
    const begin = () =>
      what === 'exec' ? this.#kubelet.runtime.exec(id, options) : this.#kubelet.runtime.attach(id, options)
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#open.add(webSocket)
      webSocket.once('close', () => this.#open.delete(webSocket))
      webSocket.on('error', (err) => this.#logger.debug('stream broke', { err }))
      this.#serve(webSocket, begin, options).catch((err: unknown) => this.#end(webSocket, failure(err)))
    })
  }

  [Symbol.dispose](): void {
    for (const webSocket of this.#open) webSocket.terminate()
    this.#server.close()
  }

  #runningContainer(namespace: string, podName: string, name: string): string {
    const { status } = findContainer(this.#kubelet, namespace, podName, name)
    const id = status.state?.running ? idOf(status.containerID) : undefined
    if (id) return id
    throw new StatusError('InternalError', `unable to upgrade connection: container not found ("${name}")`)
  }

  async #serve(
    webSocket: WebSocket,
    begin: () => Promise<ExecSession>,
    options: { command: string[]; tty: boolean; stdin: boolean },
  ): Promise<void> {
    // What the client types before the command is there must not be lost.
    const early: Buffer[] = []
    let session: ExecSession | undefined
    const hear = (data: Buffer) => {
      if (session) this.#hear(data, session, options.stdin)
      else early.push(data)
    }
    webSocket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) hear(data)
    })
    session = await begin()
    const running = session
    for (const data of early) this.#hear(data, running, options.stdin)
    webSocket.once('close', () => running.kill())
    const drained = Promise.all([
      forward(running.stdout, STDOUT, webSocket),
      ...(options.tty ? [] : [forward(running.stderr, STDERR, webSocket)]),
    ])
    const exitCode = await running.exitCode
    await drained
    this.#end(webSocket, exitCode === 0 ? { metadata: {}, status: 'Success' } : nonZero(exitCode))
  }

  #hear(data: Buffer, session: ExecSession, takesInput: boolean): void {
    const channel = data[0]
    const content = data.subarray(1)
    if (channel === STDIN && takesInput) session.stdin.write(content)
    else if (channel === CLOSE && content[0] === STDIN) session.stdin.end()
    else if (channel === RESIZE) {
      try {
        const { Width, Height } = JSON.parse(content.toString('utf8')) as { Width?: number; Height?: number }
        if (Width && Height) session.resize({ width: Width, height: Height }).catch(() => undefined)
      } catch {
        // A size that cannot be read changes nothing.
      }
    }
  }

  #end(webSocket: WebSocket, status: object): void {
    if (webSocket.readyState !== webSocket.OPEN) return
    webSocket.send(Buffer.concat([Buffer.from([ERROR]), Buffer.from(JSON.stringify(status))]))
    webSocket.close(1000)
  }
}

async function forward(source: NodeJS.ReadableStream, channel: number, webSocket: WebSocket): Promise<void> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    if (webSocket.readyState !== webSocket.OPEN) return
    const framed = Buffer.concat([Buffer.from([channel]), chunk])
    const sent = new Promise<void>((resolve) => webSocket.send(framed, () => resolve()))
    if (webSocket.bufferedAmount > HIGH_WATER) await sent
  }
}

const nonZero = (exitCode: number) => ({
  metadata: {},
  status: 'Failure',
  message: `command terminated with non-zero exit code: exit status ${exitCode}`,
  reason: 'NonZeroExitCode',
  details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
})

const failure = (err: unknown) => ({
  metadata: {},
  status: 'Failure',
  message: `error executing command in container: ${err instanceof Error ? err.message : String(err)}`,
  reason: 'InternalError',
  code: 500,
})

function answer(socket: Duplex, err: unknown): void {
  const code = err instanceof StatusError ? err.code : 500
  const text = err instanceof Error ? err.message : String(err)
  socket.end(
    `HTTP/1.1 ${code} Refused\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  )
}

const isTrue = (query: URLSearchParams, name: string) => ['1', 'true'].includes(query.get(name) ?? '')
