// As whom containers run and what they may do.

import { expect, it } from 'vitest'
import type { Seat } from './seat.ts'

export function rightsOfContainers(seat: () => Seat): void {
  it('runs containers with the rights that they ask for, and no more', async () => {
    const { says, logsOf, nodes } = seat()
    // mkdir is refused with the number of EXDEV, which nobody else would say.
    const profile = JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 18 }],
    })
    const [node = ''] = await nodes()
    const made = (name: string, securityContext: object, script: string, spec: object = {}, more: object = {}) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        restartPolicy: 'Never',
        nodeName: node,
        containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', script], securityContext, ...more }],
        ...spec,
      },
    })
    const privileges = 'grep -E "^(NoNewPrivs|CapEff|Seccomp_filters)" /proc/1/status'
    const pods = [
      made('plain', {}, privileges),
      made('confined', { seccompProfile: { type: 'RuntimeDefault' } }, privileges),
      made(
        'bare',
        {
          capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
        },
        `${privileges}; touch /x 2>&1; true`,
      ),
      // Its children bear the engine's name as well until they have become what they were made for: not to be counted.
      made(
        'mighty',
        { privileged: true },
        'mount -t tmpfs none /tmp && echo mounted; mknod /dev/made b 8 0 2>&1; hostname; pidof dockerd >/dev/null && echo engine seen',
        { hostPID: true, hostname: 'called', subdomain: 'inside', setHostnameAsFQDN: true },
      ),
      made('shared', {}, 'hostname; tail -1 /etc/hosts; cat /proc/sys/net/ipv4/ip_forward', {
        hostNetwork: true,
        hostIPC: true,
        hostAliases: [{ ip: '10.1.2.3', hostnames: ['elsewhere'] }],
      }),
      made('tuned', {}, 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start', {
        securityContext: { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '80' }] },
      }),
      made(
        'profile',
        {},
        `echo '${profile}' > /seccomp/no-mkdir.json`,
        { volumes: [{ name: 'p', hostPath: { path: '/var/lib/kubelet/seccomp', type: 'DirectoryOrCreate' } }] },
        { volumeMounts: [{ name: 'p', mountPath: '/seccomp' }] },
      ),
      made(
        'sized',
        {},
        'cd /groups; g=kubepods/burstable/pod$POD; cat memory/$g/memory.limit_in_bytes $g/memory.max 2>/dev/null; cat /proc/1/oom_score_adj',
        { volumes: [{ name: 'g', hostPath: { path: '/sys/fs/cgroup' } }] },
        {
          volumeMounts: [{ name: 'g', mountPath: '/groups' }],
          env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } }],
          resources: { requests: { memory: '32Mi' }, limits: { memory: '64Mi' } },
        },
      ),
      made('root', { runAsNonRoot: true }, 'true'),
      made('forbidden', {}, 'true', { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }),
    ]
    await says('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods }))
    const ended = (name: string) => says(`wait --for=jsonpath={.status.phase}=Succeeded pod/${name} --timeout=60s`)
    await ended('profile')
    const held = made(
      'held',
      { seccompProfile: { type: 'Localhost', localhostProfile: 'no-mkdir.json' } },
      'mkdir /x 2>&1; true',
    )
    await says('apply -f -', JSON.stringify(held))
    for (const name of ['plain', 'confined', 'bare', 'mighty', 'shared', 'tuned', 'held', 'sized']) await ended(name)

    const [, , plain = ''] = await logsOf('plain')
    const [, , confined = ''] = await logsOf('confined')
    // The machine's own filters are on top of each other already; the engine's is one more.
    const filters = (line: string) => Number(/Seccomp_filters:\s+(\d+)/.exec(line)?.[1])
    expect(filters(confined)).toBe(filters(plain) + 1)
    const [caps, noNew, , touched] = await logsOf('bare')
    expect([caps, noNew].sort()).toEqual(['CapEff:\t0000000000000400', 'NoNewPrivs:\t1'])
    expect(touched).toContain('Read-only file system')
    expect(await logsOf('mighty')).toEqual([
      'mounted',
      expect.stringContaining('Operation not permitted'),
      'called.inside.default.svc.cluster.local',
      'engine seen',
    ])
    expect(await logsOf('shared')).toEqual([node, '10.1.2.3\telsewhere', '1'])
    expect(await logsOf('tuned')).toEqual(['80'])
    expect(await logsOf('sized')).toEqual([String(64 * 2 ** 20), '985'])
    expect(await logsOf('held')).toEqual([expect.stringContaining('Invalid cross-device link')])
    await says('wait --for=jsonpath={.status.phase}=Failed pod/forbidden --timeout=60s')
    expect(await says('get pod forbidden -o jsonpath={.status.phase}/{.status.reason}/{.status.message}')).toBe(
      'Failed/SysctlForbidden/Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
    )
    const refused = '{.status.containerStatuses[0].state.waiting.reason}=CreateContainerConfigError'
    await says(`wait --for=jsonpath=${refused} pod/root --timeout=60s`)
    const waiting = await says('get pod root -o jsonpath={.status.containerStatuses[0].state.waiting}')
    expect(waiting).toContain('CreateContainerConfigError')
    expect(waiting).toContain('container has runAsNonRoot and image will run as root (pod: ')
  })
}
