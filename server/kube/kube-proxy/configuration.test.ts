import { expect, it } from 'vitest'
import { readProxyMode } from './configuration.ts'

const text = (mode?: string) =>
  `apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n${mode === undefined ? '' : `mode: "${mode}"\n`}`

it('takes a mode by its name, and iptables where none is told', () => {
  expect([undefined, '', 'iptables', 'nftables'].map((mode) => readProxyMode(text(mode)))).toEqual([
    'iptables',
    'iptables',
    'iptables',
    'nftables',
  ])
})

it.each([
  { mode: 'userspace', says: /Mode: Unsupported value: "userspace": supported .*Kubernetes 1\.26 removed it/ },
  { mode: 'ipvs', says: /Unsupported value: "ipvs".*needs ipvsadm/ },
  { mode: 'nft', says: /Unsupported value: "nft": supported values: "iptables", "nftables"$/ },
])('refuses $mode and says why', ({ mode, says }) => expect(() => readProxyMode(text(mode))).toThrow(says))

it('refuses a file of another kind', () => expect(() => readProxyMode('a: 1')).toThrow('no KubeProxyConfiguration'))
