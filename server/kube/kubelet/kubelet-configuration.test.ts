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
])('refuses $file', ({ file, why }) => {
  expect(() => kubeletConfigurationOf(file)).toThrow(why)
})

it('writes the file where there is none, and leaves alone what somebody wrote', async () => {
  const files = new Map<string, string>()
  const os = {
    readFile: async (path: string) => files.get(path),
    writeFile: async (path: string, content: string | Uint8Array) => void files.set(path, String(content)),
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
