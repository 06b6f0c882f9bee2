// Shells in the learner's own container, which the data centre makes on the learner's network.

import type { ClusterInfo } from '../../kube/cluster/index.ts'
import type { DataCentre, Terminal } from '../../machines/index.ts'
import type { Shell, ShellSize, Shells } from './shell.ts'

/** Makes the container, or adopts the one that is there; kubectl in it speaks to this cluster. */
export async function containerShells(
  dataCentre: Pick<DataCentre, 'createTerminal'>,
  info: ClusterInfo,
): Promise<Shells> {
  const terminal = await dataCentre.createTerminal({
    cluster: info.name,
    kubeconfig: info.networkKubeconfig,
    openTcpPorts: [Number(new URL(info.etcd).port)],
  })
  return { open: (size) => openShell(terminal, size), close: () => terminal.delete() }
}

async function openShell(terminal: Terminal, size: ShellSize): Promise<Shell> {
  const { stream, resize, ended, close } = await terminal.shell(size)
  stream.on('error', () => undefined)
  // A new size goes by another way than the keys; what was typed after it must not overtake it.
  let resizing: Promise<void> | undefined
  return {
    write(data) {
      if (resizing) void resizing.then(() => stream.write(data))
      else stream.write(data)
    },
    resize(next) {
      const done: Promise<void> = (resizing ?? Promise.resolve())
        .then(() => resize(next))
        .catch(() => undefined)
        .then(() => {
          if (resizing === done) resizing = undefined
        })
      resizing = done
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    onData: (listener) => void stream.on('data', listener),
    onExit: (listener) => void ended.then(listener),
    close: () => void close().catch(() => undefined),
  }
}
