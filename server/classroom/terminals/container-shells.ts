// Shells in the learner's own container, which the data centre makes on the learner's network.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ClusterInfo, clusterDirectory } from '../../kube/cluster/index.ts'
import type { DataCentre, Terminal } from '../../machines/index.ts'
import type { Shell, ShellSize, Shells } from './shell.ts'

export interface ContainerShellsOptions {
  dataCentre: Pick<DataCentre, 'createTerminal'>
  info: ClusterInfo
  stateDir: string
}

type Environment = Record<string, string>

/** Makes the container, or adopts the one that is there; kubectl and etcdctl in it speak to this cluster. */
export async function containerShells({ dataCentre, info, stateDir }: ContainerShellsOptions): Promise<Shells> {
  const terminal = await dataCentre.createTerminal({
    cluster: info.name,
    kubeconfig: info.networkKubeconfig,
    openTcpPorts: [Number(new URL(info.etcd).port)],
  })
  const env = await letEtcdctlIn(terminal, info, stateDir)
  return {
    open: (size) => openShell(terminal, size, env),
    async run(script) {
      const { exitCode, stdout, stderr } = await terminal.exec(['bash', '-euo', 'pipefail', '-c', script])
      if (exitCode !== 0) throw new Error(`${script}\n${stdout}${stderr}`)
    },
    close: () => terminal.delete(),
  }
}

/** etcd has a CA of its own, so the learner gets a certificate of that one too. Clusters may come without the door. */
async function letEtcdctlIn(terminal: Terminal, info: ClusterInfo, stateDir: string): Promise<Environment> {
  const directory = join(clusterDirectory(stateDir, info.name), 'pki', 'etcd')
  const files = ['ca.crt', 'client.crt', 'client.key']
  const texts = await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8').catch(() => undefined)))
  if (!info.network || texts.includes(undefined)) return {}
  const home = '/home/learner/.etcd'
  const script = `umask 077 && mkdir -p ${home} && cd ${home} && csplit -s -z -f part- - '/^-----BEGIN/' '{*}' && mv part-00 ca.crt && mv part-01 client.crt && mv part-02 client.key`
  const { exitCode } = await terminal.exec(['sh', '-c', script], texts.join('\n'))
  if (exitCode !== 0) return {}
  return {
    ETCDCTL_API: '3',
    ETCDCTL_ENDPOINTS: `https://${info.network.gatewayAddress}:${new URL(info.etcd).port}`,
    ETCDCTL_CACERT: `${home}/ca.crt`,
    ETCDCTL_CERT: `${home}/client.crt`,
    ETCDCTL_KEY: `${home}/client.key`,
  }
}

async function openShell(terminal: Terminal, size: ShellSize, env: Environment): Promise<Shell> {
  const { stream, resize, ended, close } = await terminal.shell(size, { env })
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
