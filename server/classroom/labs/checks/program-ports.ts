// The ports on which the programs of a Pod listen. `containerPort` opens nothing and closes nothing: it is what somebody
// wrote, and may be wrong or left out. Of the programs that labs bring we know better; of others we believe what is written.

import type { Pod } from '../cluster-view.ts'

type Container = NonNullable<Pod['spec']>['containers'][number]

const HELLO = /(^|\/)podium\/hello(:|@|$)/
const NGINX = /^(docker\.io\/)?(library\/)?nginx(:|@|$)/
const HELLO_PORT = 8080
const NGINX_PORT = 80

export const programPorts = (pod: Pod): number[] => (pod.spec?.containers ?? []).flatMap(portsOf)

function portsOf(container: Container): number[] {
  const { image = '', env = [], command, args, volumeMounts = [], ports = [], envFrom } = container
  const declared = ports.map(({ containerPort }) => containerPort)
  if (command || args) return declared
  // Another configuration may lie in there.
  if (NGINX.test(image))
    return volumeMounts.some(({ mountPath }) => mountPath.includes('nginx')) ? declared : [NGINX_PORT]
  if (!HELLO.test(image)) return declared
  const port = env.findLast(({ name }) => name === 'PORT')
  if (port?.valueFrom || (!port && envFrom)) return declared
  return [Number(port?.value) || HELLO_PORT]
}
