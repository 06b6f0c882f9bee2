// What is around containers: as whom they run, what they may, the files of the network.

import type { Fact } from './ending-pods.ts'
import { shell } from './seat.ts'

export const AROUND: Record<string, Fact> = {
  rights: {
    tests:
      'Security Context should run containers as the user and group asked for, without privileges, with a root file system that is writable or not',
    spec: {
      securityContext: { runAsUser: 1001, runAsGroup: 2002 },
      containers: [
        { ...shell('id -u; id -g', {}), name: 'pod' },
        { ...shell('id -u; id -g', { securityContext: { runAsUser: 65534, runAsGroup: 3003 } }), name: 'container' },
        {
          ...shell('touch /checkfile && echo written', {
            securityContext: { runAsUser: 0, readOnlyRootFilesystem: false },
          }),
          name: 'writable',
        },
        {
          ...shell('echo test > /file 2>&1 || echo refused', {
            securityContext: { runAsUser: 0, readOnlyRootFilesystem: true },
          }),
          name: 'readonly',
        },
        {
          ...shell('ip link add dummy0 type dummy 2>&1; grep NoNewPrivs /proc/self/status', {
            securityContext: { runAsUser: 0, privileged: false },
          }),
          name: 'unprivileged',
        },
        {
          ...shell('grep NoNewPrivs /proc/self/status', { securityContext: { allowPrivilegeEscalation: false } }),
          name: 'nomore',
        },
      ],
    },
    says: {
      pod: ['1001', '2002'],
      container: ['65534', '3003'],
      writable: ['written'],
      readonly: ['refused'],
      unprivileged: [/Operation not permitted/, /NoNewPrivs:\s+0/],
      nomore: [/NoNewPrivs:\s+1/],
    },
  },
  sysctls: {
    tests: 'Sysctls should support sysctls',
    spec: {
      securityContext: { sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }] },
      containers: [shell('', { command: ['/bin/sysctl', 'kernel.shm_rmid_forced'] })],
    },
    says: ['kernel.shm_rmid_forced = 1'],
  },
  aliases: {
    tests:
      'Kubelet should write entries to /etc/hosts of a Pod with hostAliases, and should support configurable pod DNS nameservers',
    spec: {
      hostAliases: [{ ip: '123.45.67.89', hostnames: ['foo', 'bar'] }],
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['1.1.1.1'], searches: ['resolv.conf.local'] },
      containers: [shell('cat /etc/hosts /etc/resolv.conf')],
    },
    says: [
      '# Kubernetes-managed hosts file.',
      '# Entries added by HostAliases.',
      '123.45.67.89\tfoo\tbar',
      'nameserver 1.1.1.1',
      'search resolv.conf.local',
    ],
  },
}
