// Which rights are refused to pods and containers, in upstream's words. Expectations are read from pkg/apis/core/validation.

import type { Pod as WirePod } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { Deployment, Pod } from '../index.ts'
import { problems } from '../testing/kind-facts.ts'
import { container, pod, refuses, says, web } from './testing/refused-pods.ts'

const C = 'spec.containers[0]'

describe('rights are refused:', () => {
  const S = `${C}.securityContext`
  const ofPod = (securityContext: object, more: object = {}) => pod({ securityContext, ...more })
  const own = (securityContext: object) => container({ securityContext })
  const P = 'spec.securityContext'
  refuses([
    [
      'numbers',
      ofPod({ runAsUser: -1, fsGroup: 2147483648, supplementalGroups: [-1] }),
      [
        `${P}.fsGroup: Invalid value: 2147483648: must be between 0 and 2147483647, inclusive`,
        `${P}.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive`,
        `${P}.supplementalGroups[0]: Invalid value: -1: must be between 0 and 2147483647, inclusive`,
      ],
    ],
    [
      'choices',
      ofPod({ fsGroupChangePolicy: 'Some', supplementalGroupsPolicy: 'Some', seLinuxChangePolicy: 'Some' }),
      [
        `${P}.fsGroupChangePolicy: Unsupported value: "Some": supported values: "Always", "OnRootMismatch"`,
        `${P}.supplementalGroupsPolicy: Unsupported value: "Some": supported values: "Merge", "Strict"`,
        `${P}.seLinuxChangePolicy: Unsupported value: "Some": supported values: "Recursive"`,
      ],
    ],
    [
      'settings of the kernel',
      ofPod({ sysctls: [{ name: 'Net' }, { name: 'net.a' }, { name: 'net.a' }, {}] }, { hostNetwork: true }),
      [
        says(`${P}.sysctls[0].name: Invalid value: "Net": must have at most 253 characters and match regex ^(`),
        `${P}.sysctls[1].name: Invalid value: "net.a": may not be specified when 'hostNetwork' is true`,
        `${P}.sysctls[2].name: Duplicate value: "net.a"`,
        `${P}.sysctls[2].name: Invalid value: "net.a": may not be specified when 'hostNetwork' is true`,
        `${P}.sysctls[3].name: Required value`,
      ],
    ],
    [
      'seccomp',
      own({ seccompProfile: { type: 'Localhost' } }),
      [`${S}.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost`],
    ],
    [
      'seccomp of another type',
      own({ seccompProfile: { type: 'Unconfined', localhostProfile: 'a' } }),
      [
        `${S}.seccompProfile.localhostProfile: Invalid value: {"type":"Unconfined","localhostProfile":"a"}: can only be set when seccomp type is Localhost`,
      ],
    ],
    [
      'AppArmor',
      own({ appArmorProfile: { type: 'Localhost', localhostProfile: ' a' } }),
      [`${S}.appArmorProfile.localhostProfile: Invalid value: " a": must not be padded with whitespace`],
    ],
    [
      'AppArmor of no type',
      own({ appArmorProfile: {} }),
      [`${S}.appArmorProfile.type: Required value: type is required when appArmorProfile is set`],
    ],
    [
      'two that exclude each other',
      own({ allowPrivilegeEscalation: false, privileged: true }),
      [says('spec.containers[0].securityContext: Invalid value: {"Capabilities":null,"Privileged":true,')],
    ],
    [
      'an open /proc',
      own({ procMount: 'Unmasked' }),
      [`${S}.procMount: Invalid value: "Unmasked": \`hostUsers\` must be false to use \`Unmasked\``],
    ],
    [
      'Windows',
      own({ windowsOptions: { runAsUserName: 'a\\b\\c', gmsaCredentialSpec: '' } }),
      [
        `${S}.windowsOptions.gmsaCredentialSpec: Invalid value: "": gmsaCredentialSpec cannot be an empty string`,
        `${S}.windowsOptions.runAsUserName: Invalid value: "a\\\\b\\\\c": runAsUserName cannot contain more than one backslash`,
      ],
    ],
    [
      'for Linux',
      ofPod({ windowsOptions: {} }, { os: { name: 'linux' } }),
      [`${P}.windowsOptions: Forbidden: windows options cannot be set for a linux pod`],
    ],
    [
      'for Windows',
      ofPod({ runAsUser: 1 }, { os: { name: 'windows' }, hostPID: true }),
      [
        `${P}.runAsUser: Forbidden: cannot be set for a windows pod`,
        'spec.hostPID: Forbidden: cannot be set for a windows pod',
      ],
    ],
    [
      'for nothing',
      pod({ os: { name: 'plan9' } }),
      ['spec.os: Unsupported value: "plan9": supported values: "linux", "windows"'],
    ],
    [
      'users of its own and the network of the node',
      pod({ hostUsers: false, hostNetwork: true, hostPID: true }),
      ['spec.hostNetwork: Forbidden: when `hostUsers` is false', 'spec.HostPID: Forbidden: when `hostUsers` is false'],
    ],
    [
      'processes shared twice',
      pod({ shareProcessNamespace: true, hostPID: true }),
      [
        'spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
      ],
    ],
  ])
})

describe('AppArmor by annotations is refused:', () => {
  const KEY = 'container.apparmor.security.beta.kubernetes.io'
  const annotated = (annotations: object, appArmorProfile?: object) => ({
    metadata: { name: 'web', annotations },
    spec: { containers: [{ ...web, securityContext: { appArmorProfile } }] },
  })
  const field = 'spec.containers[0].securityContext.appArmorProfile'
  refuses([
    [
      'of nobody, and of no kind',
      annotated({ [`${KEY}/x`]: 'unconfined', [`${KEY}/web`]: 'x' }),
      [
        `metadata.annotations[${KEY}/x]: Invalid value: "x": container not found`,
        `metadata.annotations[${KEY}/web]: Invalid value: "x": invalid AppArmor profile name: "x"`,
      ],
    ],
    [
      'of another type than the field says',
      annotated({ [`${KEY}/web`]: 'unconfined' }, { type: 'RuntimeDefault' }),
      [`${field}.type: Forbidden: apparmor type in annotation and field must match`],
    ],
    [
      'of another profile',
      annotated({ [`${KEY}/web`]: 'localhost/a' }, { type: 'Localhost', localhostProfile: 'b' }),
      [`${field}.localhostProfile: Forbidden: apparmor profile in annotation and field must match`],
    ],
    [
      'not when both say the same',
      annotated({ [`${KEY}/web`]: 'localhost/a' }, { type: 'Localhost', localhostProfile: 'a' }),
      [],
    ],
  ])
  it.each([
    ['is taken from it', 'localhost/a', undefined, {}, { type: 'Localhost', localhostProfile: 'a' }, true],
    ['is not where the pod says the same', 'unconfined', undefined, { type: 'Unconfined' }, undefined, false],
    [
      'is where the pod says another',
      'runtime/default',
      undefined,
      { type: 'Unconfined' },
      { type: 'RuntimeDefault' },
      true,
    ],
    ['stays what it is', 'unconfined', { type: 'Unconfined' }, {}, { type: 'Unconfined' }, false],
    ['is none of what cannot be', 'localhost/', undefined, {}, undefined, true],
  ] as const)('and a field that is not there %s', (_what, annotation, own, ofPod, expected, isTold) => {
    const pod = annotated({ [`${KEY}/web`]: annotation }, own) as unknown as WirePod
    if ('type' in ofPod) Object.assign(pod.spec ?? {}, { securityContext: { appArmorProfile: ofPod } })
    const warnings: string[] = []
    const warn = (message: string) => void warnings.push(message)
    Pod.strategy.prepareForCreate?.(pod, { user: { name: 'me', groups: [] }, now: '', warn })
    expect(pod.spec?.containers[0]?.securityContext?.appArmorProfile).toEqual(expected)
    const told = `metadata.annotations[${KEY}/web]: deprecated since v1.30; use the "appArmorProfile" field instead`
    expect(warnings).toEqual(isTold ? [told] : [])
  })
  it('in templates too', () => {
    const { metadata, spec } = annotated({ [`${KEY}/web`]: 'unconfined' }, { type: 'RuntimeDefault' })
    const template = { metadata: { ...metadata, labels: { app: 'web' } }, spec }
    const deployment = { metadata: { name: 'web' }, spec: { selector: { matchLabels: { app: 'web' } }, template } }
    expect(problems(Deployment, deployment)).toEqual([
      `spec.template.${field}.type: Forbidden: apparmor type in annotation and field must match`,
    ])
  })
})
