// Every kind of workload as `kubectl` makes, shows, scales, rolls out and takes back: on nodes on which nothing runs.

import { expect, it } from 'vitest'
import { kubectl } from './support/commands.ts'
import { ownCluster } from './support/own-cluster.ts'

const cluster = ownCluster('e2e-workloads', '--simulated-nodes', '2')

async function says(args: string, expected: RegExp | string, input?: string): Promise<string> {
  const { code, stdout, stderr } = await kubectl('1.36', cluster.kubeconfig)(args, {
    ...(input ? { input } : {}),
    timeoutMs: 120_000,
  })
  expect(code, `kubectl ${args}\n${stdout}${stderr}`).toBe(0)
  expect(stdout + stderr).toMatch(expected)
  return stdout
}

const SET = (kind: 'StatefulSet' | 'DaemonSet', name: string, more = '') => `
apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}}
spec:
${more}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: main, image: 'main:1'}]}
`

it('tells of all kinds', async () => {
  await says('api-resources --api-group=batch', /cronjobs\s+cj\s+batch\/v1\s+true\s+CronJob[\s\S]*jobs\s+batch\/v1/)
  await says('api-resources --api-group=autoscaling', /horizontalpodautoscalers\s+hpa\s+autoscaling\/v2/)
  await says('explain cronjob.spec.timeZone', /FIELD: timeZone <string>/)
  await says(
    'explain --api-version=autoscaling/v1 horizontalpodautoscaler.spec.targetCPUUtilizationPercentage',
    /<integer>/,
  )
})

it('makes a Job of a CronJob, and CronJobs by themselves', async () => {
  await says("create cronjob backup --image=busybox --schedule='0 3 * * *' -- 'true'", 'cronjob.batch/backup created')
  await says(
    'apply -f -',
    'cronjob.batch/nightly created',
    `
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  timeZone: Europe/Berlin
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: busybox}]}}}}
`,
  )
  await says('get cronjob nightly', /nightly\s+0 3 \* \* \*\s+Europe\/Berlin\s+False\s+0\s+<none>/)
  await says('create job by-hand --from=cronjob/nightly', 'job.batch/by-hand created')
  await says('wait --for=jsonpath={.status.active}=1 job/by-hand --timeout=60s', 'condition met')
  await says('get job by-hand', /by-hand\s+Running\s+0\/1/)
  await says('describe job by-hand', /Parallelism:\s+1[\s\S]*SuccessfulCreate[\s\S]*Created pod: by-hand-/)
  await says('delete job by-hand', 'deleted')
  await says('wait --for=delete pod -l batch.kubernetes.io/job-name=by-hand --timeout=60s', '')
})

it('rolls a StatefulSet out, scales it and takes it back', async () => {
  await says('apply -f -', 'statefulset.apps/db created', SET('StatefulSet', 'db', '  serviceName: db\n  replicas: 2'))
  await says('rollout status statefulset/db --timeout=60s', /partitioned roll out complete|rolling update complete/)
  await says('get statefulset db', /db\s+2\/2/)
  await says('scale statefulset db --replicas=3', 'statefulset.apps/db scaled')
  await says('rollout status statefulset/db --timeout=60s', /complete/)
  await says('get pods -l app=db', /db-0[\s\S]*db-1[\s\S]*db-2/)
  await says('set image statefulset/db main=main:2', 'image updated')
  await says('rollout status statefulset/db --timeout=60s', /complete/)
  await says('rollout history statefulset/db', /1\s+<none>\s+2\s+<none>/)
  await says('rollout undo statefulset/db', 'rolled back')
  await says('rollout status statefulset/db --timeout=60s', /complete/)
  await says('get pods -l app=db -o jsonpath={.items[*].spec.containers[0].image}', /^main:1 main:1 main:1$/)
})

it('rolls a DaemonSet out and takes it back', async () => {
  await says('apply -f -', 'daemonset.apps/agent created', SET('DaemonSet', 'agent'))
  await says('rollout status daemonset/agent --timeout=60s', 'successfully rolled out')
  await says('get daemonset agent', /agent\s+2\s+2\s+2\s+2\s+2/)
  await says('set image daemonset/agent main=main:2', 'image updated')
  await says('rollout status daemonset/agent --timeout=60s', 'successfully rolled out')
  await says('rollout undo daemonset/agent', 'rolled back')
  await says('rollout status daemonset/agent --timeout=60s', 'successfully rolled out')
  await says('get pods -l app=agent -o jsonpath={.items[*].spec.containers[0].image}', /^main:1 main:1$/)
})

it('autoscales, and says what it does not know', async () => {
  await says('create deployment site --image=nginx --replicas=4', 'deployment.apps/site created')
  await says('autoscale deployment site --min=2 --max=6 --cpu=70%', 'autoscaled')
  await says('get hpa site', /site\s+Deployment\/site\s+cpu: <unknown>\/70%\s+2\s+6/)
  await says(
    'get horizontalpodautoscalers.v1.autoscaling site -o jsonpath={.spec.targetCPUUtilizationPercentage}',
    /^70$/,
  )
  await says('delete hpa site', 'deleted')
})

it('drains a node without going below a disruption budget', async () => {
  await says(
    'create poddisruptionbudget site --selector=app=site --max-unavailable=1',
    'poddisruptionbudget.policy/site created',
  )
  await says('rollout status deployment/site --timeout=60s', 'successfully rolled out')
  await says('wait --for=jsonpath={.status.disruptionsAllowed}=1 pdb/site --timeout=60s', 'condition met')
  await says('drain sim-1 --ignore-daemonsets --force --timeout=100s', 'node/sim-1 drained')
  const left = await says('get pods -l app=site --field-selector=spec.nodeName=sim-1 -o name', '')
  expect(left).toBe('')
  await says('uncordon sim-1', 'uncordoned')
})

it('shows it all together', async () => {
  await says(
    'get all',
    /pod\/db-0[\s\S]*daemonset.apps\/agent[\s\S]*deployment.apps\/site[\s\S]*replicaset.apps\/site-[\s\S]*statefulset.apps\/db[\s\S]*cronjob.batch\/nightly/,
  )
})
