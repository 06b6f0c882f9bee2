import type { Pod, PodSecurityContext, SecurityContext } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { refuseFeatures } from './pod-features.ts'
import { asksForImageUser, securityOf, verifyNonRoot } from './security-context.ts'

function made(
  own: SecurityContext = {},
  shared: PodSecurityContext = {},
  more: Partial<NonNullable<Pod['spec']>> = {},
) {
  const container = { name: 'app', securityContext: own }
  const spec = { containers: [container], securityContext: shared, ...more }
  return [{ metadata: { name: 'web', namespace: 'shop', uid: 'u' }, spec } as Pod, container] as const
}

describe('securityOf', () => {
  it('takes the container’s word before the pod’s', () => {
    const told = securityOf(
      ...made({ runAsUser: 7 }, { runAsUser: 1, runAsGroup: 2, fsGroup: 3, supplementalGroups: [4] }),
    )
    expect(told).toMatchObject({ runAsUser: '7:2', supplementalGroups: [3, 4] })
  })

  it.each([
    ['nothing', {}, {}, 'Unconfined'],
    ['the pod’s', {}, { type: 'RuntimeDefault' }, 'RuntimeDefault'],
    ['the container’s before the pod’s', { type: 'Unconfined' }, { type: 'RuntimeDefault' }, 'Unconfined'],
    [
      'a file of the machine',
      { type: 'Localhost', localhostProfile: 'audit/no-mkdir.json' },
      {},
      { localhostProfile: '/var/lib/kubelet/seccomp/audit/no-mkdir.json' },
    ],
  ])('takes as seccomp profile %s', (_what, own, shared, expected) => {
    const profile = (one: object) => ('type' in one ? { seccompProfile: one as { type: string } } : {})
    expect(securityOf(...made(profile(own), profile(shared))).seccomp).toEqual(expected)
  })
})

it('gives who names no profile the engine’s where that is the default', () => {
  expect(securityOf(...made(), { seccompDefault: true }).seccomp).toBe('RuntimeDefault')
  expect(securityOf(...made({ seccompProfile: { type: 'Unconfined' } }), { seccompDefault: true }).seccomp).toBe(
    'Unconfined',
  )
})

describe('verifyNonRoot', () => {
  const who = '(pod: "web_shop(u)", container: app)'
  it.each([
    [{}, {}, '', undefined],
    [{ runAsNonRoot: true }, {}, '', `container has runAsNonRoot and image will run as root ${who}`],
    [{}, { runAsNonRoot: true }, '0:0', `container has runAsNonRoot and image will run as root ${who}`],
    [{ runAsNonRoot: true }, {}, '101:101', undefined],
    [
      { runAsNonRoot: true },
      {},
      'nginx',
      `container has runAsNonRoot and image has non-numeric user (nginx), cannot verify user is non-root ${who}`,
    ],
    [{ runAsNonRoot: true, runAsUser: 0 }, {}, '5', `container's runAsUser breaks non-root policy ${who}`],
    [{ runAsNonRoot: true }, { runAsUser: 9 }, 'root', undefined],
    [{ runAsNonRoot: false }, { runAsNonRoot: true }, '', undefined],
  ])('of %j in %j with an image of %j', (own, shared, user, message) => {
    const verified = () => verifyNonRoot(...made(own, shared), user)
    if (message) expect(verified).toThrow(message)
    else expect(verified).not.toThrow()
  })

  it('looks at the image only when it must', () => {
    expect(asksForImageUser(...made({ runAsNonRoot: true }))).toBe(true)
    expect(asksForImageUser(...made({ runAsNonRoot: true }, { runAsUser: 1 }))).toBe(false)
    expect(asksForImageUser(...made())).toBe(false)
  })
})

describe('refuseFeatures', () => {
  const sysctl = (name: string) => ({ sysctls: [{ name, value: '1' }] })
  it.each([
    ['a safe sysctl', sysctl('net.ipv4.ip_unprivileged_port_start'), {}, undefined],
    ['an unsafe one', sysctl('kernel.msgmax'), {}, 'forbidden sysctl: "kernel.msgmax" not allowlisted'],
    ['an unsafe one that is allowed', sysctl('kernel.sem'), {}, undefined],
    ['one of several that are allowed', sysctl('net.core.somaxconn'), {}, undefined],
    [
      'one that no pod has of its own, whoever allows it',
      sysctl('vm.swappiness'),
      {},
      'forbidden sysctl: "vm.swappiness" not allowlisted',
    ],
    [
      'an allowed one of a namespace that is the machine’s',
      sysctl('net.core.somaxconn'),
      { hostNetwork: true },
      'forbidden sysctl: "net.core.somaxconn" not allowed with host net enabled',
    ],
    ['one with slashes', sysctl('net/ipv4/tcp_syncookies'), {}, undefined],
    [
      'a safe one of a namespace that is the machine’s',
      sysctl('net.ipv4.tcp_syncookies'),
      { hostNetwork: true },
      'forbidden sysctl: "net.ipv4.tcp_syncookies" not allowed with host net enabled',
    ],
    [
      'one of shared memory that is the machine’s',
      sysctl('kernel.shm_rmid_forced'),
      { hostIPC: true },
      'forbidden sysctl: "kernel.shm_rmid_forced" not allowed with host ipc enabled',
    ],
    [
      'AppArmor',
      { appArmorProfile: { type: 'RuntimeDefault' } },
      {},
      'Cannot enforce AppArmor: AppArmor is not enabled on the host',
    ],
    ['no AppArmor', { appArmorProfile: { type: 'Unconfined' } }, {}, undefined],
    [
      'strict groups',
      { supplementalGroupsPolicy: 'Strict' },
      {},
      'SupplementalGroupsPolicy=Strict is not supported in this node',
    ],
  ])('of %s', (_what, shared, spec, message) => {
    const pod = made({}, shared as PodSecurityContext, spec)[0]
    expect(refuseFeatures(pod, { allowedUnsafeSysctls: ['kernel.sem', 'net.core.*', 'vm.*'] })?.message).toBe(message)
  })
})
