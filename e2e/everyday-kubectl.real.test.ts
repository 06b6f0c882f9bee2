// Commands of an ordinary day, with the kubectl people have, against a cluster with real machines.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Kubectl, kubectl } from './support/commands.ts'
import { ownCluster } from './support/own-cluster.ts'

const cluster = ownCluster('e2e-everyday', '--nodes', '2')

const MANIFEST = (image: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: site, labels: {app: site}}
spec:
  replicas: 2
  selector: {matchLabels: {app: site}}
  template:
    metadata: {labels: {app: site}}
    spec:
      containers:
      - name: nginx
        image: ${image}
        ports: [{containerPort: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: site}
spec:
  selector: {app: site}
  ports: [{port: 80, targetPort: 80}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: green}
`

describe.each(['1.36', '1.32'] as const)('kubectl %s', (version) => {
  const namespace = `day-${version.replace('.', '-')}`
  const kube: Kubectl = (args, options) => kubectl(version, cluster.kubeconfig)(args, options)
  /** Succeeds, and says what is expected. */
  const says = async (args: string, expected: RegExp | string, input?: string) => {
    const { code, stdout, stderr } = await kube(args, { ...(input ? { input } : {}), timeoutMs: 120_000 })
    expect(code, `kubectl ${args}\n${stdout}${stderr}`).toBe(0)
    expect(stdout + stderr).toMatch(expected)
    return stdout
  }
  const refuses = async (args: string, expected: RegExp | string, input?: string) => {
    const { code, stdout, stderr } = await kube(args, input ? { input } : {})
    expect(code, `kubectl ${args}\n${stdout}`).not.toBe(0)
    expect(stderr).toMatch(expected)
  }
  const here = `-n ${namespace}`

  it('finds its way around', async () => {
    await says('version', /Server Version: v1\.36\./)
    await says('get nodes', /node-1\s+Ready[\s\S]*node-2\s+Ready/)
    await says('get nodes -o wide', /docker:\/\//)
    await says('api-resources', /deployments\s+deploy\s+apps\/v1\s+true\s+Deployment/)
    await says('cluster-info', /Kubernetes control plane/)
    await says('get ns', /default\s+Active[\s\S]*kube-system\s+Active/)
    await says('explain deployment.spec.strategy.rollingUpdate', /maxSurge/)
    await says('explain pod --recursive', /containers/)
    await says(`create namespace ${namespace}`, 'created')
  })

  it('applies, sees it run, applies again', async () => {
    const file = join(cluster.directory, `site-${version}.yaml`)
    await writeFile(file, MANIFEST('nginx:1.26'))
    await says(
      `apply ${here} -f ${file} --validate=strict`,
      /deployment\.apps\/site created[\s\S]*configmap\/settings created/,
    )
    await says(`rollout status ${here} deployment/site --timeout=90s`, 'successfully rolled out')
    await says(`get ${here} deploy,rs,pods -l app=site -o wide`, /deployment\.apps\/site\s+2\/2[\s\S]*Running/)
    await says(`apply ${here} -f ${file}`, /deployment\.apps\/site unchanged/)
    await says(`get ${here} endpointslices`, /site-\w+\s+IPv4\s+80/)
    await says(`get ${here} endpoints site`, /10\.244\.\d+\.\d+:80/)
  })

  it('looks into a Pod', async () => {
    await says(`logs ${here} deploy/site --tail=5`, /start worker process|nginx/)
    await says(`exec ${here} deploy/site -- sh -c 'echo inside $(hostname)'`, /inside site-/)
    await refuses(`exec ${here} deploy/site -- sh -c 'exit 7'`, 'exit code 7')
    await says(`describe ${here} pods -l app=site --show-events=true`, /Scheduled[\s\S]*Pulled[\s\S]*Started/)
    await says(`get events ${here}`, /ScalingReplicaSet|SuccessfulCreate/)
  })

  it('changes things and changes them back', async () => {
    await says(`scale ${here} deploy/site --replicas=3`, 'scaled')
    await says(`wait ${here} deploy/site --for=jsonpath='{.status.readyReplicas}'=3 --timeout=60s`, 'condition met')
    await says(`set image ${here} deploy/site nginx=nginx:latest`, 'image updated')
    await says(`rollout status ${here} deploy/site --timeout=90s`, 'successfully rolled out')
    await says(`rollout history ${here} deploy/site`, /1\s[\s\S]*2\s/)
    await says(`rollout undo ${here} deploy/site`, 'rolled back')
    await says(`rollout status ${here} deploy/site --timeout=90s`, 'successfully rolled out')
    await says(`get ${here} deploy site -o jsonpath='{.spec.template.spec.containers[0].image}'`, /^nginx:1\.26/)
    await says(`label ${here} configmap settings tier=front`, 'labeled')
    await says(`annotate ${here} configmap settings note=yes`, 'annotated')
    await says(`patch ${here} configmap settings --type=merge -p '{"data":{"colour":"blue"}}'`, 'patched')
    await says(
      `patch ${here} configmap settings --type=json -p '[{"op":"test","path":"/data/colour","value":"blue"}]'`,
      'patched',
    )
    await says(`get ${here} configmaps -l tier=front -o name`, 'configmap/settings')
  })

  it('is told what is wrong', async () => {
    await refuses(`get ${here} pod nobody`, 'Error from server (NotFound): pods "nobody" not found')
    await refuses(
      `create ${here} -f -`,
      /unknown field "spec\.replcas"/,
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {replcas: 1, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}',
    )
    await refuses(`create ${here} configmap Bad_Name`, /is invalid: metadata\.name: Invalid value/)
    await refuses(`create ${here} configmap settings`, 'configmaps "settings" already exists')
    await refuses('get gadgets', `the server doesn't have a resource type "gadgets"`)
  })

  it('cleans up', async () => {
    await says(`delete ${here} deploy site`, 'deleted')
    await says(`wait ${here} pods -l app=site --for=delete --timeout=60s`, /^$|condition met/)
    await says(`delete namespace ${namespace} --timeout=60s`, 'deleted')
    await refuses(`get ns ${namespace}`, 'not found')
  })
})
