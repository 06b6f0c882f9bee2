// Whoever sits at kubectl before the cluster that all tests of this folder share.

import { expect } from 'vitest'
import { kubectl } from '../support/commands.ts'
import { onMachine } from '../support/machine.ts'

export interface Seat {
  /** Holds what the tests write. */
  directory: string
  cluster: string
  /** Fails the test where kubectl fails. */
  says(args: string, input?: string): Promise<string>
  /** A pod's, by lines. */
  logsOf(pod: string): Promise<string[]>
  nodes(): Promise<string[]>
  /** By a shell of its root's; what it says. */
  on(node: string, script: string): Promise<string>
}

export function seatAt(told: { directory: string; cluster: string; kubeconfig: string }): Seat {
  const says: Seat['says'] = async (args, input) => {
    const options = { ...(input ? { input } : {}), timeoutMs: 120_000 }
    const { code, stdout, stderr } = await kubectl('1.36', told.kubeconfig)(args, options)
    expect(code, `kubectl ${args}\n${stdout}${stderr}`).toBe(0)
    return stdout
  }
  return {
    ...told,
    says,
    logsOf: async (pod) => (await says(`logs ${pod}`)).trim().split('\n'),
    on: (node, script) => onMachine(told.cluster, node, script),
    nodes: async () => (await says('get nodes -o jsonpath={.items[*].metadata.name}')).split(' '),
  }
}

export const CLAIM = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Mi}}}
`
export const podWithData = (name: string, command: string) => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  restartPolicy: Never
  containers:
    - {name: main, image: busybox, command: [sh, -c, '${command}'], volumeMounts: [{name: data, mountPath: /data}]}
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
`
