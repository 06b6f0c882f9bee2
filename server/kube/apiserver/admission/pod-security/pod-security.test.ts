import type { Container, PodSpec } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../apimachinery/object-meta.ts'
import { Deployment, Namespace, Pod } from '../../../kinds/index.ts'
import { askPlugin, type There } from '../../testing/ask-plugin.ts'
import { NOBODY_EXEMPT } from './exemptions.ts'
import { podSecurity as podSecurityWith, violationsOf } from './index.ts'
import { defaultsOf } from './policy.ts'

const podSecurity = podSecurityWith({ exemptions: NOBODY_EXEMPT })

import { type Level, policyOf } from './policy.ts'

const container = (name: string, securityContext?: object, more: object = {}) =>
  ({ name, image: 'i', ...(securityContext ? { securityContext } : {}), ...more }) as Container
const spec = (more: object, ...containers: Container[]) => ({ containers, ...more }) as PodSpec
const safe = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}
const told = (level: Level, of: PodSpec, { version = 'latest' as number | 'latest', annotations = {} } = {}) =>
  violationsOf({ level, version }, { annotations }, of).map(({ reason, detail }) => `${reason} (${detail})`)

describe('PodSecurity', () => {
  it.each([
    ['a plain pod', spec({}, container('a')), []],
    [
      'host namespaces',
      spec({ hostNetwork: true, hostIPC: true }, container('a')),
      ['host namespaces (hostNetwork=true, hostIPC=true)'],
    ],
    [
      'privileged',
      spec({}, container('a', { privileged: true }), container('b', { privileged: true })),
      ['privileged (containers "a", "b" must not set securityContext.privileged=true)'],
    ],
    [
      'capabilities',
      spec({}, container('a', { capabilities: { add: ['SYS_TIME', 'CHOWN', 'NET_ADMIN'] } })),
      [
        'non-default capabilities (container "a" must not include "NET_ADMIN", "SYS_TIME" in securityContext.capabilities.add)',
      ],
    ],
    [
      'host paths',
      spec(
        {
          volumes: [
            { name: 'v', hostPath: { path: '/' } },
            { name: 'w', hostPath: { path: '/' } },
          ],
        },
        container('a'),
      ),
      ['hostPath volumes (volumes "v", "w")'],
    ],
    [
      'host ports',
      spec({}, container('a', undefined, { ports: [{ hostPort: 80 }, { hostPort: 8080 }] })),
      ['hostPort (container "a" uses hostPorts 80, 8080)'],
    ],
    [
      'hosts of probes',
      spec({}, container('a', undefined, { livenessProbe: { httpGet: { host: '10.0.0.1' } } })),
      ['probe or lifecycle host (container "a" uses probe or lifecycle host "10.0.0.1")'],
    ],
    [
      'proc mounts',
      spec({}, container('a', { procMount: 'Unmasked' })),
      ['procMount (container "a" must not set securityContext.procMount to "Unmasked")'],
    ],
    [
      'SELinux',
      spec(
        { securityContext: { seLinuxOptions: { type: 'foo', user: 'bar' } } },
        container('d', { seLinuxOptions: { type: 'bar' } }),
      ),
      [
        'seLinuxOptions (pod and container "d" set forbidden securityContext.seLinuxOptions: types "bar", "foo"; user may not be set)',
      ],
    ],
    [
      'seccomp',
      spec({ securityContext: { seccompProfile: { type: 'Unconfined' } } }, container('a')),
      ['seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")'],
    ],
    [
      'sysctls',
      spec(
        { securityContext: { sysctls: [{ name: 'kernel.msgmax' }, { name: 'net.ipv4.tcp_rmem' }] } },
        container('a'),
      ),
      ['forbidden sysctls (kernel.msgmax)'],
    ],
    [
      'AppArmor',
      spec({}, container('a', { appArmorProfile: { type: 'Unconfined' } })),
      ['forbidden AppArmor profile (container "a" must not set AppArmor profile type to "Unconfined")'],
    ],
    [
      'host processes',
      spec({ securityContext: { windowsOptions: { hostProcess: true } } }, container('a')),
      ['hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)'],
    ],
  ])('at baseline judges %s', (_what, pod, expected) => {
    expect(told('baseline', pod)).toEqual(expected)
    expect(told('privileged', pod)).toEqual([])
  })

  it.each([
    ['a safe pod', spec({}, container('a', safe)), []],
    [
      'a plain pod, in the order that everybody knows',
      spec({}, container('nginx')),
      [
        'allowPrivilegeEscalation != false (container "nginx" must set securityContext.allowPrivilegeEscalation=false)',
        'unrestricted capabilities (container "nginx" must set securityContext.capabilities.drop=["ALL"])',
        'runAsNonRoot != true (pod or container "nginx" must set securityContext.runAsNonRoot=true)',
        'seccompProfile (pod or container "nginx" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
      ],
    ],
    [
      'volumes, told once',
      spec(
        {
          volumes: [
            { name: 'v', hostPath: {} },
            { name: 'w', emptyDir: {} },
            { name: 'x', nfs: {} },
          ],
        },
        container('a', safe),
      ),
      ['restricted volume types (volumes "v", "x" use restricted volume types "hostPath", "nfs")'],
    ],
    [
      'added capabilities, told once',
      spec({}, container('a', { ...safe, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE', 'CHOWN'] } })),
      ['unrestricted capabilities (container "a" must not include "CHOWN" in securityContext.capabilities.add)'],
    ],
    [
      'root',
      spec({ securityContext: { runAsUser: 0 } }, container('a', { ...safe, runAsNonRoot: false })),
      [
        'runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false)',
        'runAsUser=0 (pod must not set runAsUser=0)',
      ],
    ],
    [
      'what a pod says for all its containers',
      spec(
        { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'Localhost' } } },
        container('a', { ...safe, runAsNonRoot: undefined, seccompProfile: undefined }),
      ),
      [],
    ],
    [
      'init containers first',
      spec(
        { initContainers: [container('first', { ...safe, runAsNonRoot: undefined })] },
        container('a', { ...safe, runAsNonRoot: undefined }),
      ),
      ['runAsNonRoot != true (pod or containers "first", "a" must set securityContext.runAsNonRoot=true)'],
    ],
  ])('at restricted judges %s', (_what, pod, expected) => {
    expect(told('restricted', pod)).toEqual(expected)
  })

  it('judges as an older Kubernetes did where it is asked to', () => {
    const old = spec({ securityContext: { runAsUser: 0 } }, container('a', { ...safe, capabilities: undefined }))
    expect(told('restricted', old, { version: 21 })).toEqual([])
    expect(told('restricted', old, { version: 22 })).toHaveLength(1)
    expect(told('restricted', old)).toHaveLength(2)
    const rmem = spec({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem' }] } }, container('a'))
    expect(told('baseline', rmem, { version: 31 })).toEqual(['forbidden sysctls (net.ipv4.tcp_rmem)'])
  })

  it('takes a label that it cannot read for the strictest', () => {
    const { policy, errors } = policyOf({
      'pod-security.kubernetes.io/enforce': 'strict',
      'pod-security.kubernetes.io/audit-version': '1.3',
    })
    expect(policy.enforce).toEqual({ level: 'restricted', version: 'latest' })
    expect(errors.map(({ field, message }) => `${field}: ${message}`)).toEqual([
      'metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted',
      'metadata.labels[pod-security.kubernetes.io/audit-version]: Invalid value: "1.3": must be "latest" or "v1.x"',
    ])
  })

  const namespace = (labels: Record<string, string>) =>
    ({
      metadata: {
        name: 'default',
        labels: Object.fromEntries(
          Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value]),
        ),
      },
    }) as KubeObject
  const rooms = (labels: Record<string, string>): There => [[Namespace, namespace(labels)]]
  const pod = {
    metadata: { name: 'web', namespace: 'default' },
    spec: spec({ hostPID: true }, container('a')),
  } as KubeObject

  it('enforces, warns and audits by the labels of the namespace', async () => {
    const ask = (labels: Record<string, string>) => askPlugin(podSecurity, { kind: Pod, object: pod }, rooms(labels))
    expect((await ask({ enforce: 'baseline' })).refused).toBe(
      'pods "web" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)',
    )
    expect(await ask({ warn: 'baseline', 'warn-version': 'v1.30' })).toMatchObject({
      refused: undefined,
      warnings: ['would violate PodSecurity "baseline:v1.30": host namespaces (hostPID=true)'],
    })
    expect(await ask({ audit: 'baseline' })).toMatchObject({
      warnings: [],
      annotations: {
        'pod-security.kubernetes.io/enforce-policy': 'privileged:latest',
        'pod-security.kubernetes.io/audit-violations':
          'would violate PodSecurity "baseline:latest": host namespaces (hostPID=true)',
      },
    })
    expect(await ask({})).toMatchObject({ refused: undefined, warnings: [] })
  })

  it('lets a Deployment be made, and says that its pods will not', async () => {
    const object = { metadata: { name: 'web' }, spec: { template: pod } } as KubeObject
    expect(await askPlugin(podSecurity, { kind: Deployment, object }, rooms({ enforce: 'baseline' }))).toMatchObject({
      refused: undefined,
      warnings: ['would violate PodSecurity "baseline:latest": host namespaces (hostPID=true)'],
    })
  })

  it('lets a pod be changed in what has nothing to do with it, and not be given another image', async () => {
    const there = rooms({ enforce: 'baseline' })
    const labelled = { ...pod, metadata: { ...pod.metadata, labels: { a: 'b' } } }
    expect(
      (await askPlugin(podSecurity, { kind: Pod, object: labelled, previous: pod }, there)).refused,
    ).toBeUndefined()
    const other = { ...pod, spec: spec({ hostPID: true }, { ...container('a'), image: 'j' }) } as KubeObject
    expect((await askPlugin(podSecurity, { kind: Pod, object: other, previous: pod }, there)).refused).toContain(
      'violates',
    )
    const status = { kind: Pod, object: other, previous: pod, subresource: 'status' }
    expect((await askPlugin(podSecurity, status, there)).refused).toBeUndefined()
  })

  it('tells whoever tightens a namespace which pods are no longer fit for it', async () => {
    const [next, previous] = [namespace({ enforce: 'baseline' }), namespace({})]
    const pods = ['c', 'b', 'a'].map((name) => [Pod, { ...pod, metadata: { name, namespace: 'default' } }] as const)
    const asked = { kind: Namespace, object: next, previous, namespace: 'default' }
    expect((await askPlugin(podSecurity, asked, pods)).warnings).toEqual([
      'existing pods in namespace "default" violate the new PodSecurity enforce level "baseline:latest"',
      'a (and 2 other pods): host namespaces',
    ])
    expect((await askPlugin(podSecurity, { ...asked, object: previous, previous: next }, pods)).warnings).toEqual([])
    const wrong = { ...asked, object: namespace({ enforce: 'x' }) }
    expect((await askPlugin(podSecurity, wrong, pods)).refused).toContain(
      'must be one of privileged, baseline, restricted',
    )
  })

  it('goes by the server’s configuration where a namespace says nothing, and looks away from whom that exempts', async () => {
    const defaults = defaultsOf({ enforce: 'baseline', 'enforce-version': 'v1.30' }, 'file')
    const bare = [[Namespace, { metadata: { name: 'default' } }]] as never
    const exemptions = { usernames: ['seal'], namespaces: ['quiet'], runtimeClasses: [] }
    const plugin = podSecurityWith({ defaults, exemptions })
    const object = {
      metadata: { name: 'a' },
      spec: { hostNetwork: true, containers: [{ name: 'a', image: 'a' }] },
    } as KubeObject
    expect((await askPlugin(plugin, { kind: Pod, object }, bare)).refused).toContain(
      'violates PodSecurity "baseline:v1.30"',
    )
    const seal = { kind: Pod, object, user: { name: 'seal', groups: [] } }
    expect(await askPlugin(plugin, seal, bare)).toMatchObject({
      refused: undefined,
      annotations: { 'pod-security.kubernetes.io/exempt': 'user' },
    })
    expect(() => defaultsOf({ warn: 'strict' }, 'file')).toThrow('file: defaults: ')
  })
})
