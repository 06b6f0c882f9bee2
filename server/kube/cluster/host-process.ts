// The cluster host's end of the channel: answers calls on a ClusterHost until the channel closes.

import type { Logger } from '../../base/logger.ts'
import type { ClusterHost } from './cluster-host.ts'
import type { FromHost, HostCall, ToHost } from './host-protocol.ts'

/** What `process` is, as far as the channel goes. */
export interface HostChannel {
  send?(message: unknown): boolean
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'disconnect', listener: () => void): unknown
}

/**
 * Resolves when the host has been closed in order, or when the other process is gone. In the second case nothing is
 * stopped: machines keep running, and the next host adopts them.
 */
export function serveHost(options: {
  host: ClusterHost
  channel: HostChannel
  logger: Logger
}): Promise<'closed' | 'orphaned'> {
  const { host, channel, logger } = options
  const watches = new Map<number, Disposable>()
  const send = (message: FromHost) => channel.send?.(message)

  const answer = async (id: number, call: HostCall): Promise<unknown> => {
    switch (call.method) {
      case 'createCluster':
        return host.createCluster(call.spec)
      case 'startCluster':
        return host.startCluster(call.name)
      case 'stopCluster':
        return host.stopCluster(call.name, call.machines)
      case 'deleteCluster':
        return host.deleteCluster(call.name)
      case 'listClusters':
        return host.listClusters()
      case 'watchTraces':
        watches.set(
          id,
          host.watchTraces(call.name, call.since, (batch) => send({ type: 'traces', watch: id, batch })),
        )
        return null
      case 'unwatchTraces':
        watches.get(call.watch)?.[Symbol.dispose]()
        watches.delete(call.watch)
        return null
      case 'steerLoops':
        return host.steerLoops(call.name, call.order)
      case 'loopGates':
        return host.loopGates(call.name)
      case 'objectVersions':
        return host.objectVersions(call.name, call.query)
      case 'stateAt':
        return host.stateAt(call.name, call.query)
      case 'changeLog':
        return host.changeLog(call.name, call.most)
      case 'saveState':
        return host.saveState(call.name, call.state)
      case 'putBackState':
        return host.putBackState(call.name, call.state)
      case 'switchMachine':
        return host.switchMachine(call.name, call.machine, call.to)
      case 'close':
        return host[Symbol.asyncDispose]()
    }
  }

  return new Promise((resolve) => {
    channel.on('disconnect', () => resolve('orphaned'))
    channel.on('message', (message) => {
      const { id, call } = message as ToHost
      answer(id, call).then(
        (result) => {
          send({ type: 'answer', id, result: result ?? null })
          if (call.method === 'close') resolve('closed')
        },
        (err: Error) => {
          logger.error('call failed', { method: call.method, err })
          send({ type: 'failure', id, message: err.message })
        },
      )
    })
  })
}
