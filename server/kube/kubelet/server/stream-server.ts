// Connections that stop being HTTP: exec, attach and port-forward, over WebSocket (kubectl since 1.31) or SPDY (all
// before). Everything that can be refused is refused while it is still HTTP.

import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../../../base/clock.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import type { ExecSession } from '../../container-runtime/container-runtime.ts'
import type { Kubelet } from '../kubelet.ts'
import { type CommandChannels, serveCommand } from './command-channels.ts'
import { findContainer, idOf } from './find-container.ts'
import { PORT_FORWARD_PROTOCOL, type PortForwardOptions, servePortForward } from './port-forward.ts'
import { SPDY_COMMAND_PROTOCOLS, spdyChannels } from './spdy-channels.ts'
import { COMMAND_PROTOCOLS, type WantedStreams, webSocketChannels } from './websocket-channels.ts'
import { PORTS_PROTOCOLS, portsOf, serveWebSocketPorts } from './websocket-ports.ts'

/** SPDY inside of WebSocket messages; the older name was announced, the newer one is what kubectl asks for. */
const TUNNEL_PROTOCOLS = [`SPDY/3.1+${PORT_FORWARD_PROTOCOL}`, `v2.${PORT_FORWARD_PROTOCOL}`]
const MESSAGE_LIMIT = 16 * 1024 * 1024

interface Upgrade {
  request: IncomingMessage
  socket: Duplex
  head: Buffer
}

export class StreamServer {
  readonly #kubelet: Kubelet
  readonly #clock: Clock
  readonly #commands = webSocketServer(COMMAND_PROTOCOLS)
  readonly #tunnels = webSocketServer(TUNNEL_PROTOCOLS)
  readonly #ports = webSocketServer(PORTS_PROTOCOLS)

  constructor(options: { kubelet: Kubelet; clock: Clock }) {
    this.#kubelet = options.kubelet
    this.#clock = options.clock
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#route({ request, socket, head }).catch((err: unknown) => refuse(socket, err))
  }

  async #route(upgrade: Upgrade): Promise<void> {
    const url = new URL(upgrade.request.url ?? '/', 'https://kubelet')
    const [what = '', ...target] = url.pathname.split('/').slice(1).map(decodeURIComponent)
    if (what === 'portForward') return this.#portForward(upgrade, target, url.searchParams)
    if (what === 'exec' || what === 'attach') return this.#command(upgrade, { what, target, query: url.searchParams })
    throw new StatusError('NotFound', 'the kubelet knows no such stream')
  }

  async #command(
    upgrade: Upgrade,
    { what, target, query }: { what: 'exec' | 'attach'; target: string[]; query: URLSearchParams },
  ): Promise<void> {
    const [namespace = '', podName = '', name = ''] = target
    const id = this.#runningContainer(namespace, podName, name)
    const tty = isOn(query, 'tty')
    // With a terminal there is one output: the terminal.
    const wanted = {
      stdin: isOn(query, 'stdin', 'input'),
      stdout: isOn(query, 'stdout', 'output'),
      stderr: isOn(query, 'stderr', 'error') && !tty,
    }
    if (!Object.values(wanted).includes(true)) {
      throw new StatusError('BadRequest', 'you must specify at least 1 of stdin, stdout, stderr')
    }
    const { runtime } = this.#kubelet
    const options = { command: query.getAll('command'), tty, stdin: wanted.stdin }
    const begin = (): Promise<ExecSession> =>
      what === 'exec' ? runtime.exec(id, options) : runtime.attach(id, options)
    await serveCommand(await this.#channels(upgrade, wanted, tty), { begin, tty })
  }

  async #channels(upgrade: Upgrade, wanted: WantedStreams, tty: boolean): Promise<CommandChannels> {
    if (isSpdy(upgrade.request)) {
      const protocol = negotiate(upgrade.request, SPDY_COMMAND_PROTOCOLS)
      return spdyChannels(switchToSpdy(upgrade, protocol), { protocol, wanted, tty, clock: this.#clock })
    }
    return webSocketChannels(await switchToWebSocket(this.#commands, upgrade, COMMAND_PROTOCOLS), wanted)
  }

  async #portForward(
    upgrade: Upgrade,
    [namespace = '', podName = '']: string[],
    query: URLSearchParams,
  ): Promise<void> {
    const { runtime } = this.#kubelet
    const pod = this.#kubelet.pod(namespace, podName)
    if (!pod) throw new StatusError('NotFound', `pod ${podName} in namespace ${namespace} not found`)
    const sandboxes = await runtime.listPodSandboxes(pod.metadata?.uid ?? '')
    const sandbox = sandboxes.find(({ state }) => state === 'ready')
    if (!sandbox) throw new StatusError('BadRequest', `pod ${podName} in namespace ${namespace} is not running`)
    if (isSpdy(upgrade.request)) negotiate(upgrade.request, [PORT_FORWARD_PROTOCOL])
    const ports = isOffered(upgrade.request, PORTS_PROTOCOLS) ? portsOf(query) : undefined
    const forwarder = await runtime.portForward(sandbox.id)
    const options: PortForwardOptions = { sandboxId: sandbox.id, forwarder, clock: this.#clock }
    let transport: Duplex
    try {
      if (ports) {
        const webSocket = await switchToWebSocket(this.#ports, upgrade, PORTS_PROTOCOLS)
        return await serveWebSocketPorts(webSocket, { ports, sandboxId: sandbox.id, forwarder })
      }
      transport = isSpdy(upgrade.request)
        ? switchToSpdy(upgrade, PORT_FORWARD_PROTOCOL)
        : createWebSocketStream(await switchToWebSocket(this.#tunnels, upgrade, TUNNEL_PROTOCOLS))
    } catch (err) {
      forwarder[Symbol.dispose]()
      throw err
    }
    const connection = servePortForward(transport, options)
    const events = runtime.events(({ type, containerId }) => {
      if (containerId === sandbox.id && type !== 'started') connection.destroy()
    })
    await connection.closed
    events[Symbol.dispose]()
  }

  #runningContainer(namespace: string, podName: string, name: string): string {
    const { status } = findContainer(this.#kubelet, namespace, podName, name)
    const id = status.state?.running ? idOf(status.containerID) : undefined
    if (id) return id
    throw new StatusError('InternalError', `container not found ("${name}")`)
  }
}

const isSpdy = (request: IncomingMessage) => /^spdy\/3\.1$/i.test(request.headers.upgrade ?? '')
const isWebSocket = (request: IncomingMessage) => /^websocket$/i.test(request.headers.upgrade ?? '')

const isOn = (query: URLSearchParams, ...names: string[]) =>
  names.some((name) => ['true', '1'].includes(query.get(name) ?? ''))

/** The first that the client offers and we know. Clients that are very old offer nothing and mean the oldest. */
function negotiate(request: IncomingMessage, known: string[]): string {
  const offered = listOf(request.headers['x-stream-protocol-version'])
  const chosen = offered.length > 0 ? offered.find((one) => known.includes(one)) : known.at(-1)
  if (chosen) return chosen
  throw new StatusError(
    'Forbidden',
    `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${known.join(' ')}]`,
  )
}

const listOf = (header: string | string[] | undefined) =>
  (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').flatMap((one) => one.trim() || [])

const isOffered = ({ headers }: IncomingMessage, protocols: string[]) =>
  listOf(headers['sec-websocket-protocol']).some((one) => protocols.includes(one))

function switchToSpdy({ socket, head }: Upgrade, protocol: string): Duplex {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  )
  if (head.length > 0) socket.unshift(head)
  return socket
}

function switchToWebSocket(server: WebSocketServer, { request, socket, head }: Upgrade, known: string[]) {
  const offered = listOf(request.headers['sec-websocket-protocol'])
  if (!isWebSocket(request) || !offered.some((one) => known.includes(one))) {
    throw new StatusError(
      'BadRequest',
      `unable to upgrade: only SPDY/3.1 and WebSocket with ${known.join(' or ')} are spoken here`,
    )
  }
  request.headers['sec-websocket-protocol'] = offered.map(asToken).join(',')
  return new Promise<WebSocket>((resolve) => {
    server.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => undefined)
      resolve(webSocket)
    })
  })
}

/** By the letter of the RFC a protocol's name has no slash. Kubernetes' has one, so ws is shown another name for it. */
const asToken = (protocol: string) => protocol.replaceAll('/', '~')

function webSocketServer(known: string[]): WebSocketServer {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_LIMIT,
    handleProtocols: (offered) => known.map(asToken).find((one) => offered.has(one)) ?? false,
  })
  server.on('headers', (lines) => {
    lines.forEach((line, index) => {
      if (/^sec-websocket-protocol:/i.test(line)) lines[index] = line.replaceAll('~', '/')
    })
  })
  return server
}

function refuse(socket: Duplex, err: unknown): void {
  const code = err instanceof StatusError ? err.code : 500
  const message = err instanceof Error ? err.message : String(err)
  if (!socket.writable) return
  socket.end(
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? 'Error'}\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${Buffer.byteLength(message)}\r\nConnection: close\r\n\r\n${message}`,
  )
}
