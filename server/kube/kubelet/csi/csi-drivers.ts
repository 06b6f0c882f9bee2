// The storage drivers of this machine. A driver puts a socket into the folder of registrations; it is asked who it is and
// where it answers, the node's CSINode and labels tell the cluster, and the driver hears that it is known.
//
//   /var/lib/kubelet/plugins_registry/example.org-reg.sock     GetInfo ─► name, endpoint
//   /var/lib/kubelet/plugins/example.org/csi.sock              NodeGetInfo ─► the node's name for the driver
//
// Upstream: pkg/kubelet/pluginmanager, pkg/volume/csi (csi_plugin.go, nodeinfomanager).

import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import type { MessageType } from '../../../base/protobuf.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import {
  Empty,
  NodeGetCapabilitiesResponse,
  NodeGetInfoResponse,
  PluginInfo,
  RegistrationStatus,
  recordOf,
} from './messages.ts'

/** What the cluster is told of a driver. */
export interface DriverOnNode {
  name: string
  nodeId: string
  topology: Record<string, string>
  /** Zero: as many volumes as wanted. */
  mostVolumes: number
}

export interface CsiDriversOptions {
  os: NodeOs
  rootDir: string
  logger: Logger
  /** Which Node this machine is; undefined while it is not known. */
  nodeUid(): string | undefined
  /** Has the cluster know this machine, before there is any driver. */
  introduce(nodeUid: string): Promise<void>
  /** Tells the cluster. */
  publish(drivers: readonly DriverOnNode[]): Promise<void>
}

interface Registered {
  endpoint: string
  onNode: DriverOnNode
}

/** How soon a driver is known after it has come. */
const LOOK_MS = 2_000
const LOCAL_TIMEOUT_MS = 10_000
/** Making a file system on a large disk takes its time. */
const VOLUME_TIMEOUT_MS = 120_000

export class CsiDrivers {
  readonly #options: CsiDriversOptions
  readonly #bySocket = new Map<string, Registered>()
  /** Of one that has gone, or of all of them, by a Node that was made anew. */
  #isUntold = false
  /** The Node whose drivers the cluster knows. */
  #introducedAs: string | undefined

  constructor(options: CsiDriversOptions) {
    this.#options = options
  }

  async run(clock: Clock, signal: AbortSignal): Promise<void> {
    const { logger } = this.#options
    while (!signal.aborted) {
      await this.look().catch((err: unknown) => logger.warn('the cluster was not told of storage drivers', { err }))
      await clock.sleep(LOOK_MS, signal).catch(() => undefined)
    }
  }

  /** Looks into the folder once. What could not be done is tried again at the next look. */
  async look(): Promise<void> {
    const { os, rootDir, logger } = this.#options
    await this.#introduce()
    const folder = `${rootDir}/plugins_registry`
    const sockets = (await os.list(folder)).filter((name) => name.endsWith('.sock')).map((name) => `${folder}/${name}`)
    for (const socket of this.#bySocket.keys()) {
      if (sockets.includes(socket)) continue
      this.#bySocket.delete(socket)
      this.#isUntold = true
    }
    if (this.#isUntold) await this.#tell()
    for (const socket of sockets) {
      if (this.#bySocket.has(socket)) continue
      await this.#register(socket).catch((err: unknown) =>
        logger.warn('a storage driver was not registered, will be tried again', { socket, err }),
      )
    }
  }

  /** Asks a driver. Rejects when it is not known here. */
  async call<Request, Response>(
    driver: string,
    method: string,
    [request, response]: readonly [MessageType<Request>, MessageType<Response>],
    content: Partial<Request>,
  ): Promise<Response> {
    const found = [...this.#bySocket.values()].find(({ onNode }) => onNode.name === driver)
    if (!found) throw new Error(`driver name ${driver} not found in the list of registered CSI drivers`)
    const path = `/csi.v1.Node/${method}`
    const answer = await this.#ask(found.endpoint, path, request.encode(content), VOLUME_TIMEOUT_MS)
    return response.decode(answer)
  }

  async can(driver: string, capability: number): Promise<boolean> {
    const { capabilities } = await this.call(driver, 'NodeGetCapabilities', [Empty, NodeGetCapabilitiesResponse], {})
    return capabilities.some(({ rpc }) => rpc?.type === capability)
  }

  async #introduce(): Promise<void> {
    const uid = this.#options.nodeUid()
    if (uid === undefined || uid === this.#introducedAs) return
    await this.#options.introduce(uid)
    if (this.#bySocket.size > 0) this.#isUntold = true
    this.#introducedAs = uid
  }

  async #register(socket: string): Promise<void> {
    const { type, name, endpoint, supportedVersions } = PluginInfo.decode(
      await this.#ask(socket, '/pluginregistration.Registration/GetInfo', Empty.encode({})),
    )
    if (type !== 'CSIPlugin') return
    try {
      if (!supportedVersions.some((version) => /^v?1\./.test(version))) {
        throw new Error(`none of the versions ${supportedVersions.join(', ')} of CSI driver ${name} is supported`)
      }
      const info = NodeGetInfoResponse.decode(await this.#ask(endpoint, '/csi.v1.Node/NodeGetInfo', Empty.encode({})))
      if (!info.nodeId) throw new Error(`CSI driver ${name} gave no id of this node`)
      const topology = recordOf(info.accessibleTopology?.segments ?? [])
      const onNode = { name, nodeId: info.nodeId, topology, mostVolumes: info.maxVolumesPerNode }
      this.#bySocket.set(socket, { endpoint, onNode })
      await this.#tell()
      await this.#notify(socket, { pluginRegistered: true, error: '' })
      this.#options.logger.info('a storage driver is registered', { driver: name })
    } catch (err) {
      this.#bySocket.delete(socket)
      const error = `plugin registration failed with err: ${err instanceof Error ? err.message : String(err)}`
      await this.#notify(socket, { pluginRegistered: false, error }).catch(() => undefined)
      throw err
    }
  }

  async #tell(): Promise<void> {
    await this.#options.publish([...this.#bySocket.values()].map(({ onNode }) => onNode))
    this.#isUntold = false
  }

  async #notify(socket: string, status: { pluginRegistered: boolean; error: string }): Promise<void> {
    const path = '/pluginregistration.Registration/NotifyRegistrationStatus'
    await this.#ask(socket, path, RegistrationStatus.encode(status))
  }

  #ask(socketPath: string, path: string, message: Uint8Array, timeoutMs = LOCAL_TIMEOUT_MS): Promise<Buffer> {
    return this.#options.os.grpc({ to: { socketPath }, path, message, timeoutMs, userAgent: 'kubelet' })
  }
}
