// What a cluster asks of everybody, with the kubectl people have: what there is, who gets a certificate, and what a
// namespace may not do. Nothing has to run for that, so its node is a simulated one.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Kubectl, kubectl, run } from './support/commands.ts'
import { ownCluster } from './support/own-cluster.ts'

const cluster = ownCluster('e2e-rules', '--simulated-nodes', '1')

const kube: Kubectl = (args, options) => kubectl('1.36', cluster.kubeconfig)(args, options)
const says = async (args: string, expected: RegExp | string, input?: string) => {
  const { code, stdout, stderr } = await kube(args, { ...(input ? { input } : {}), timeoutMs: 60_000 })
  expect(code, `kubectl ${args}\n${stdout}${stderr}`).toBe(0)
  expect(stdout + stderr).toMatch(expected)
  return stdout
}
const refuses = async (args: string, expected: RegExp | string, input?: string) => {
  const { code, stdout, stderr } = await kube(args, input ? { input } : {})
  expect(code, `kubectl ${args}\n${stdout}`).not.toBe(0)
  expect(stderr).toMatch(expected)
}

/** name, short names, group and version, namespaced: as the documentation of v1.36 lists what is served by default. */
const SERVED = `
persistentvolumeclaims pvc v1 true
persistentvolumes pv v1 false
mutatingadmissionpolicies - admissionregistration.k8s.io/v1 false
mutatingadmissionpolicybindings - admissionregistration.k8s.io/v1 false
mutatingwebhookconfigurations - admissionregistration.k8s.io/v1 false
validatingadmissionpolicies - admissionregistration.k8s.io/v1 false
validatingadmissionpolicybindings - admissionregistration.k8s.io/v1 false
validatingwebhookconfigurations - admissionregistration.k8s.io/v1 false
certificatesigningrequests csr certificates.k8s.io/v1 false
events ev events.k8s.io/v1 true
flowschemas - flowcontrol.apiserver.k8s.io/v1 false
prioritylevelconfigurations - flowcontrol.apiserver.k8s.io/v1 false
ingressclasses - networking.k8s.io/v1 false
ingresses ing networking.k8s.io/v1 true
ipaddresses ip networking.k8s.io/v1 false
networkpolicies netpol networking.k8s.io/v1 true
servicecidrs - networking.k8s.io/v1 false
runtimeclasses - node.k8s.io/v1 false
deviceclasses - resource.k8s.io/v1 false
resourceclaims - resource.k8s.io/v1 true
resourceclaimtemplates - resource.k8s.io/v1 true
resourceslices - resource.k8s.io/v1 false
priorityclasses pc scheduling.k8s.io/v1 false
csidrivers - storage.k8s.io/v1 false
csinodes - storage.k8s.io/v1 false
csistoragecapacities - storage.k8s.io/v1 true
storageclasses sc storage.k8s.io/v1 false
volumeattachments - storage.k8s.io/v1 false
volumeattributesclasses vac storage.k8s.io/v1 false
`

describe('a cluster', () => {
  it('serves what a cluster of this version serves', async () => {
    const listed = (await says('api-resources --no-headers', /./)).split('\n').map((line) => {
      const words = line.trim().split(/\s+/)
      return (words.length === 4 ? [words[0], '-', ...words.slice(1)] : words).slice(0, 4).join(' ')
    })
    for (const line of SERVED.trim().split('\n')) expect(listed).toContain(line)
  })

  it('has what a fresh cluster has', async () => {
    await says(
      'get priorityclasses',
      /system-cluster-critical\s+2000000000\s+false[\s\S]*system-node-critical\s+2000001000/,
    )
    await says('get flowschemas', /exempt\s+exempt\s+1\s+<none>[\s\S]*catch-all\s+catch-all\s+10000\s+ByUser/)
    await says('get servicecidrs', /kubernetes\s+10\.96\.0\.0\/12/)
    await says('get ipaddresses', /10\.96\.0\.1\s+services\/default\/kubernetes/)
    await says('explain ingress.spec.rules.http.paths.pathType', /Exact[\s\S]*Prefix/)
  })

  it('gives a learner a certificate that an administrator approves, and no other', async () => {
    const file = (name: string) => join(cluster.directory, name)
    await run('openssl', ['genrsa', '-out', file('otter.key'), '2048'])
    await run('openssl', [
      'req',
      '-new',
      '-key',
      file('otter.key'),
      '-subj',
      '/CN=otter/O=class-a',
      '-out',
      file('otter.csr'),
    ])
    const request = (await readFile(file('otter.csr'))).toString('base64')
    const manifest = (name: string, of: string) => `
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: ${name}}
spec:
  request: ${of}
  signerName: kubernetes.io/kube-apiserver-client
  expirationSeconds: 86400
  usages: [client auth]
`
    await says('apply -f -', 'created', manifest('otter', request))
    await says('get csr', /otter\s+\S+\s+kubernetes.io\/kube-apiserver-client\s+kubernetes-admin\s+24h\s+Pending/)
    await says('certificate approve otter', 'approved')
    await says("wait csr/otter --for=jsonpath='{.status.certificate}' --timeout=60s", 'condition met')
    await says('get csr otter', /Approved,Issued/)
    const certificate = await says("get csr otter -o jsonpath='{.status.certificate}'", /./)
    await writeFile(file('otter.crt'), Buffer.from(certificate, 'base64'))
    await says(
      `config set-credentials otter --client-key=${file('otter.key')} --client-certificate=${file('otter.crt')} --embed-certs`,
      'set',
    )
    await says('create rolebinding otter --clusterrole=view --user=otter', 'created')
    await says('--user=otter auth whoami', /Username\s+otter[\s\S]*class-a/)
    await says('--user=otter get pods', '')
    await refuses('--user=otter get nodes', 'User "otter" cannot list resource "nodes"')
    await says('apply -f -', 'created', manifest('second', request))
    await says('certificate deny second', 'denied')
    await run('openssl', [
      'req',
      '-new',
      '-key',
      file('otter.key'),
      '-subj',
      '/CN=otter/O=system:masters',
      '-out',
      file('king.csr'),
    ])
    const king = (await readFile(file('king.csr'))).toString('base64')
    await refuses(
      'apply -f -',
      'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
      manifest('king', king),
    )
  })

  it('keeps a namespace within its limits and its quota', async () => {
    await says('create namespace small', 'created')
    await says('create quota most -n small --hard=pods=2,requests.cpu=1', 'created')
    await says("wait quota/most -n small --for=jsonpath='{.status.used.pods}'=0 --timeout=60s", 'condition met')
    await refuses(
      'run a -n small --image=nginx:1.26',
      'pods "a" is forbidden: failed quota: most: must specify requests.cpu for: a',
    )
    await says(
      'apply -n small -f -',
      'created',
      'apiVersion: v1\nkind: LimitRange\nmetadata: {name: each}\nspec: {limits: [{type: Container, defaultRequest: {cpu: 400m}, max: {memory: 1Gi}, default: {memory: 64Mi}}]}',
    )
    await says('run a -n small --image=nginx:1.26', 'created')
    await says(
      "get pod a -n small -o jsonpath='{.metadata.annotations}'",
      /LimitRanger plugin set: cpu, memory request for container a; memory limit for container a/,
    )
    await says('run b -n small --image=nginx:1.26', 'created')
    await refuses(
      'run c -n small --image=nginx:1.26',
      'pods "c" is forbidden: exceeded quota: most, requested: pods=1,requests.cpu=400m, used: pods=2,requests.cpu=800m, limited: pods=2,requests.cpu=1',
    )
    await says('describe quota most -n small', /pods\s+2\s+2[\s\S]*requests.cpu\s+800m\s+1/)
    await says('delete pod a -n small --now', 'deleted')
    await says("wait quota/most -n small --for=jsonpath='{.status.used.pods}'=1 --timeout=60s", 'condition met')
  })

  it('holds pods to the standard of their namespace', async () => {
    await says('create namespace safe', 'created')
    await says('run old -n safe --image=nginx:1.26', 'created')
    await says(
      'label namespace safe pod-security.kubernetes.io/enforce=restricted',
      /Warning: existing pods in namespace "safe" violate the new PodSecurity enforce level "restricted:latest"\nWarning: old: allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile/,
    )
    await refuses(
      'run new -n safe --image=nginx:1.26',
      'pods "new" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "new" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "new" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "new" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "new" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    )
    await says(
      'create deployment web -n safe --image=nginx:1.26',
      /Warning: would violate PodSecurity "restricted:latest"/,
    )
    await refuses(
      'label namespace safe pod-security.kubernetes.io/warn=strict',
      /must be one of privileged, baseline, restricted/,
    )
  })

  it('gives a claim the class that is marked', async () => {
    await says(
      'apply -f -',
      'created',
      'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: disks, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}\nprovisioner: example.com/disks',
    )
    await says('get sc', /disks \(default\)\s+example.com\/disks\s+Delete\s+Immediate\s+false/)
    await says(
      'apply -f -',
      'created',
      'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}',
    )
    await says('get pvc data', /Pending\s+disks\s+<unset>/)
    await says("get pvc data -o jsonpath='{.metadata.finalizers}'", 'kubernetes.io/pvc-protection')
    await says('delete pvc data --timeout=60s', 'deleted')
  })

  it('judges by policies, and does not pass over a webhook that nobody answers', async () => {
    await says(
      'apply -f -',
      /few created[\s\S]*here created[\s\S]*gone created/,
      `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: few}
spec:
  matchConstraints:
    resourceRules: [{operations: [CREATE, UPDATE], apiGroups: [apps], apiVersions: [v1], resources: [deployments]}]
  validations: [{expression: object.spec.replicas <= 5}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: here}
spec: {policyName: few, validationActions: [Deny]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: gone}
webhooks:
- name: gone.example.com
  clientConfig: {service: {name: gone, namespace: default}}
  rules: [{operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [configmaps]}]
  sideEffects: None
  admissionReviewVersions: [v1]
`,
    )
    await refuses(
      'create deployment web --image=nginx:1.26 --replicas=6',
      "ValidatingAdmissionPolicy 'few' with binding 'here' denied request: failed expression: object.spec.replicas <= 5",
    )
    await says('create deployment web --image=nginx:1.26 --replicas=5', 'created')
    await refuses(
      'create configmap a',
      'failed calling webhook "gone.example.com": failed to call webhook: Post "https://gone.default.svc:443/?timeout=10s": service "gone" not found',
    )
    await says('delete validatingwebhookconfiguration gone', 'deleted')
    await says('create configmap a', 'created')
  })
})
