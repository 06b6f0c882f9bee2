// What nodes declare that they can do (`status.declaredFeatures`), and what of it a pod needs: to go there at all, or to be
// changed there. Only of what a kubelet of some version that is still about may lack.
// Upstream: component-helpers/nodedeclaredfeatures; those of v1.36.

import type { Node, Pod } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { quantityOf } from '../../apimachinery/quantity.ts'
import type { Container, PodSpec } from '../pod-template/newer-fields.ts'

interface Feature {
  name: string
  isNeededBy?(pod: PodSpec): boolean
  isNeededToChange?(before: Pod, now: Pod): boolean
}

/** In the order of their names, as a node has to tell them. */
const FEATURES: readonly Feature[] = [
  // Between API server and kubelet only.
  { name: 'ExtendWebSocketsToKubelet' },
  // A node that gives such pods processors of their own could not give them others.
  {
    name: 'GuaranteedQoSPodCPUResize',
    isNeededToChange: (before, now) =>
      before.status?.qosClass === 'Guaranteed' &&
      (before.spec?.containers ?? []).some(
        (container, at) => processorsOf(container).compare(processorsOf(now.spec?.containers[at])) !== 0,
      ),
  },
  {
    name: 'InPlacePodLevelResourcesVerticalScaling',
    isNeededToChange: (before, now) => !deepEqual(resourcesOf(before), resourcesOf(now)),
  },
  {
    name: 'RestartAllContainersOnContainerExits',
    isNeededBy: ({ containers = [], initContainers = [] }) =>
      [...containers, ...initContainers].some(({ restartPolicyRules: rules = [] }) =>
        rules.some(({ action }) => action === 'RestartAllContainers'),
      ),
  },
  {
    name: 'UserNamespacesHostNetworkSupport',
    isNeededBy: ({ hostNetwork, hostUsers }) => hostNetwork === true && hostUsers === false,
  },
]

const processorsOf = (container: Pick<Container, 'resources'> | undefined) =>
  quantityOf(container?.resources?.requests?.cpu)

const resourcesOf = ({ spec }: Pod) => (spec as PodSpec | undefined)?.resources

export const neededBy = ({ spec }: Pod): string[] =>
  FEATURES.filter(({ isNeededBy }) => spec && isNeededBy?.(spec as PodSpec)).map(({ name }) => name)

export const neededToChange = (before: Pod, now: Pod): string[] =>
  FEATURES.filter(({ isNeededToChange }) => isNeededToChange?.(before, now)).map(({ name }) => name)

/** The package of types does not know the field yet. */
export const declaredBy = (node: Node | undefined): readonly string[] =>
  (node?.status as { declaredFeatures?: string[] } | undefined)?.declaredFeatures ?? []

export function lackingOn(node: Node | undefined, needed: readonly string[]): string[] {
  const declared = declaredBy(node)
  return needed.filter((name) => !declared.includes(name))
}
