import type { Container } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { node, pod, run } from '../testing/pods-and-nodes.ts'

const restarting = {
  name: 'c',
  restartPolicy: 'Never',
  restartPolicyRules: [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [1] } }],
} as Container

function declaring(name: string, ...declaredFeatures: string[]) {
  const info = node(name)
  info.setNode({ ...info.node, status: { ...info.node?.status, declaredFeatures } as object })
  return info
}

it.each([
  ['begins anew as a whole', { containers: [restarting] }, 'RestartAllContainersOnContainerExits'],
  [
    'does so for a container that prepares it',
    { initContainers: [restarting] },
    'RestartAllContainersOnContainerExits',
  ],
  [
    'is of its own users on the host’s network',
    { hostNetwork: true, hostUsers: false },
    'UserNamespacesHostNetworkSupport',
  ],
])('sends a pod that %s where that can be', (_what, spec, feature) => {
  const [old, able] = [declaring('old', 'GuaranteedQoSPodCPUResize'), declaring('able', feature)]
  expect(run(pod(spec), [old, able])).toMatchObject({ chosen: 'able' })
  expect(run(pod(spec), [old])).toMatchObject({
    rejections: new Map([
      [
        'old',
        {
          plugin: 'NodeDeclaredFeatures',
          reasons: [`node declared features check failed - unsatisfied requirements: ${feature}`],
          unresolvable: true,
        },
      ],
    ]),
  })
})

it('is asked after all others, so that they are told of first', () => {
  const large = { ...restarting, resources: { requests: { cpu: '9' } } }
  expect(run(pod({ containers: [large] }), [node('old')]).rejections.get('old')?.reasons).toEqual(['Insufficient cpu'])
})

it('asks nothing of nodes for other pods', () => {
  expect(run(pod(), [node('old')])).toMatchObject({ chosen: 'old' })
})
