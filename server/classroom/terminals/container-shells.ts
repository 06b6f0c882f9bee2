// Shells in the learner's own container, which the data centre makes on the learner's network, and on the machines of
// the learner's cluster.

import type { ClusterInfo } from '../../kube/cluster/index.ts'
import type { DataCentre, TerminalShell } from '../../machines/index.ts'
import { putClusterCertificates } from './cluster-certificates.ts'
import { NoShells, type ShellSize, type Shells } from './shell.ts'
import { shellOf } from './shell-of-container.ts'

export interface ContainerShellsOptions {
  dataCentre: Pick<DataCentre, 'createTerminal' | 'listMachines' | 'openMachineShell'>
  info: ClusterInfo
  stateDir: string
}

const LOGIN_SHELL = ['bash', '-l']
/**
 * Before a command runs, bash tells the terminal which one, in the form that editors' terminals use (OSC 633;E). It is
 * handed over by the environment, so it works for homes and images that know nothing of it.
 */
const SAY_COMMAND = '\\e]633;E;$(HISTTIMEFORMAT= history 1)\\a'
/** And, as they do, that it wants more of a line that was begun (a quote is open, or a here-document), and that it waits for a new one. */
const SAY_MORE = '\\[\\e]633;F\\a\\]> '
const SAY_PROMPT = "printf '\\e]633;A\\a'"

/** Makes the container, or adopts the one that is there; kubectl, etcdctl and openssl in it know this cluster. */
export async function containerShells({ dataCentre, info, stateDir }: ContainerShellsOptions): Promise<Shells> {
  const terminal = await dataCentre.createTerminal({
    cluster: info.name,
    kubeconfig: info.networkKubeconfig,
    openTcpPorts: [Number(new URL(info.etcd).port)],
  })
  const env = await putClusterCertificates(terminal, { info, stateDir })
  return {
    async open(size, machine) {
      if (machine !== undefined)
        return shellOf(await openOnMachine({ dataCentre, cluster: info.name, machine, size }), LOGIN_SHELL)
      return shellOf(
        await terminal.shell(size, {
          command: LOGIN_SHELL,
          env: { ...env, PS0: SAY_COMMAND, PS2: SAY_MORE, PROMPT_COMMAND: SAY_PROMPT },
        }),
        LOGIN_SHELL,
      )
    },
    exec: (command, input) => terminal.exec(command, input),
    async run(script) {
      const { exitCode, stdout, stderr } = await terminal.exec(['bash', '-euo', 'pipefail', '-c', script])
      if (exitCode !== 0) throw new Error(`${script}\n${stdout}${stderr}`)
    },
    close: () => terminal.delete(),
  }
}

/** Only a machine of this very cluster, whatever name is asked for. */
async function openOnMachine(options: {
  dataCentre: Pick<DataCentre, 'listMachines' | 'openMachineShell'>
  cluster: string
  machine: string
  size: ShellSize
}): Promise<TerminalShell> {
  const { dataCentre, cluster, machine: name, size } = options
  const machine = (await dataCentre.listMachines(cluster)).find((one) => one.name === name)
  if (!machine) throw new NoShells(`Your cluster has no machine "${name}".`)
  if ((await machine.state()) !== 'running') throw new NoShells(`${name} does not run: nobody answers there.`)
  return dataCentre.openMachineShell({ machine, size, command: LOGIN_SHELL })
}
