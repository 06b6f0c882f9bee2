import { expect, it } from 'vitest'
import { kubeletConfigurationOf, logLimitsOf, readConfiguration } from './kubelet-configuration.ts'

it('takes the file before the cluster, and the cluster before what is usual', () => {
  const file =
    'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nclusterDomain: mine.local\nmaxPods: 7\n'
  const told = kubeletConfigurationOf(file, { clusterDomain: 'class.local', clusterDNS: ['10.1.0.10'] })
  expect(told).toMatchObject({
    clusterDomain: 'mine.local',
    clusterDNS: ['10.1.0.10'],
    maxPods: 7,
    fileCheckFrequency: '20s',
  })
  expect(logLimitsOf(told)).toEqual({ maxSizeBytes: 10 * 2 ** 20, maxFiles: 5 })
})

it.each([
  { file: 'a: [', why: /path: \/var\/lib\/kubelet\/config.yaml, error: / },
  { file: 'kind: Pod\napiVersion: v1', why: 'no kind "Pod" is registered for version "v1"' },
  {
    file: 'clusterDNS: 10.96.0.10',
    why: 'json: cannot unmarshal string into Go struct field KubeletConfiguration.clusterDNS of type []string',
  },
  {
    file: 'maxPods: many',
    why: 'json: cannot unmarshal string into Go struct field KubeletConfiguration.maxPods of type int32',
  },
  { file: 'httpCheckFrequency: soon', why: 'time: invalid duration "soon"' },
  { file: 'containerLogMaxFiles: 1', why: 'containerLogMaxFiles 1 must be > 1' },
  { file: 'containerLogMaxSize: much', why: 'containerLogMaxSize much is not a size' },
  {
    file: 'shutdownGracePeriodCriticalPods: 5s',
    why: 'shutdownGracePeriodCriticalPods 5s must be <= shutdownGracePeriod 0s',
  },
  {
    file: 'shutdownGracePeriodByPodPriority: 30s',
    why: 'into Go struct field KubeletConfiguration.shutdownGracePeriodByPodPriority of type []v1beta1.ShutdownGracePeriodByPodPriority',
  },
  {
    file: 'shutdownGracePeriodByPodPriority: [{ priority: 10 }]',
    why: 'shutdownGracePeriodByPodPriority[0] must have a whole number as priority and one of seconds',
  },
  {
    file: 'shutdownGracePeriod: 5s\nshutdownGracePeriodByPodPriority: [{ priority: 1, shutdownGracePeriodSeconds: 5 }]',
    why: 'Cannot specify both shutdownGracePeriodByPodPriority and shutdownGracePeriod at the same time',
  },
  {
    file: 'imagePullCredentialsVerificationPolicy: Sometimes',
    why: 'option "Sometimes" specified for imagePullCredentialsVerificationPolicy. Valid options are "NeverVerify"',
  },
  { file: "preloadedImagesVerificationAllowlist: ['a/*']", why: "can't set `preloadedImagesVerificationAllowlist` if" },
  {
    file: 'crashLoopBackOff: { maxContainerRestartPeriod: 10m }',
    why: 'CrashLoopBackOff.MaxContainerRestartPeriod (got: 600 seconds) must be set between 1s and 300s',
  },
  { file: 'imageMaximumGCAge: 1m', why: 'imageMaximumGCAge 1m must be greater than imageMinimumGCAge 2m0s' },
])('refuses $file', ({ file, why }) => {
  expect(() => kubeletConfigurationOf(file)).toThrow(why)
})

it('writes the file where there is none, and leaves alone what somebody wrote', async () => {
  const files = new Map<string, string>()
  const os = {
    readFile: async (path: string) => files.get(path),
    writeFile: async (path: string, content: string | Uint8Array) => void files.set(path, String(content)),
    list: async () => [],
    kindOf: async () => undefined,
  }
  const authentication = { x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' } }
  const fromCluster = { clusterDNS: ['10.1.0.10'], clusterDomain: 'class.local', authentication }
  const first = await readConfiguration(os, fromCluster)
  const [[path, text] = ['', '']] = files
  expect(path).toBe('/var/lib/kubelet/config.yaml')
  expect(kubeletConfigurationOf(text)).toEqual(first)
  files.set(path, text.replace('ca.crt', 'other.crt'))
  const { authentication: changed, clusterDNS } = await readConfiguration(os, { ...fromCluster, clusterDNS: [] })
  expect({ changed, clusterDNS }).toEqual({
    changed: { x509: { clientCAFile: '/etc/kubernetes/pki/other.crt' } },
    clusterDNS: ['10.1.0.10'],
  })
})

it('lays over it what lies in the folder that the flags name, one after another by name', async () => {
  const folder = '/etc/kubernetes/kubelet.conf.d'
  const files = new Map([
    ['/var/lib/kubelet/kubeadm-flags.env', `KUBELET_KUBEADM_ARGS="--v=2 --config-dir=${folder}"`],
    ['/var/lib/kubelet/config.yaml', 'maxPods: 7\nclusterDNS: [10.0.0.10]\nsystemReserved: { cpu: 100m }'],
    [`${folder}/20-b.conf`, 'maxPods: 30\nsystemReserved: { memory: 2Gi }'],
    [`${folder}/10-a.conf`, 'kind: KubeletConfiguration\nmaxPods: 20\nclusterDNS: [10.0.0.11, 10.0.0.12]'],
    [`${folder}/30-c.yaml`, 'maxPods: 40'],
    [`${folder}/15-more/a.conf`, 'kind: KubeletConfiguration\nmaxPods: 25\npodPidsLimit: 77'],
  ])
  const os = {
    readFile: async (path: string) => files.get(path),
    writeFile: async () => undefined,
    list: async (of: string) => [
      ...new Set(
        [...files.keys()].flatMap((path) =>
          path.startsWith(`${of}/`) ? path.slice(of.length + 1).split('/')[0]! : [],
        ),
      ),
    ],
    kindOf: async (path: string) => (files.has(path) ? ('file' as const) : ('directory' as const)),
  }
  const fromCluster = { clusterDNS: [], clusterDomain: 'class.local', authentication: {} }
  expect(await readConfiguration(os, fromCluster)).toMatchObject({
    maxPods: 30,
    podPidsLimit: 77,
    clusterDNS: ['10.0.0.11', '10.0.0.12'],
    systemReserved: { cpu: '100m', memory: '2Gi' },
  })
  files.set(`${folder}/30-c.conf`, 'kind: Pod\napiVersion: v1')
  await expect(readConfiguration(os, fromCluster)).rejects.toThrow(`path: ${folder}/30-c.conf, error: no kind "Pod"`)
})

it('takes the longest pause of containers from the file, or what it always was', () => {
  expect(kubeletConfigurationOf('crashLoopBackOff: {}').crashLoopBackOff).toEqual({ maxContainerRestartPeriod: '5m0s' })
  const told = kubeletConfigurationOf('crashLoopBackOff: { maxContainerRestartPeriod: 20s }').crashLoopBackOff
  expect(told).toEqual({ maxContainerRestartPeriod: '20s' })
})
