// Every lab, typed into the real terminal where containers really run: worker machines with engines of their own, images
// from the registry, Services made of real rules. What needs no container is walked by labs-simulated.real.test.ts.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadLabs } from '../server/classroom/labs/load-labs.ts'
import { walkMistake, walkSolution } from '../server/classroom/labs/walk-lab.ts'
import { TEST_STATE_DIR } from '../server/machines/test-data-centre.ts'
import { type LabBench, openLabBench } from './support/lab-bench.ts'

const labs = await loadLabs(import.meta.dirname)
const WITHIN_MS = 170_000

let bench: LabBench
beforeAll(async () => {
  bench = await openLabBench('real', TEST_STATE_DIR)
}, 600_000)
afterAll(() => bench?.[Symbol.asyncDispose]())

describe.each(labs)('$id on real machines', (lab) => {
  it('is not ok before its solutions, and ok after each', async () => {
    await using walk = await bench.begin(lab, WITHIN_MS)
    const walked = await walkSolution(walk, lab)
    expect(walk.session.view()).toMatchObject({ done: true, reached: lab.steps.length })
    console.log(lab.id, walked.map(({ step, tookMs }) => `${step}: ${tookMs} ms`).join(', '))
  })

  const mistakes = lab.mistakes.filter(({ needsContainers }) => needsContainers)
  if (mistakes.length > 0) {
    it.each(mistakes)('answers $name', async (mistake) => {
      await using walk = await bench.begin(lab, WITHIN_MS)
      await walkMistake(walk, lab, mistake)
    })
  }
})

describe('a Service on real machines', () => {
  it('answers a client Pod at its own address', async () => {
    const lab = labs.find(({ id }) => id === 'a-service-finds-its-pods')
    if (!lab) throw new Error('the lab has gone')
    await using walk = await bench.begin(lab, WITHIN_MS)
    await walkSolution(walk, lab, 1)
    const page = await bench.kubectl(
      'kubectl wait pod/client --for=condition=Ready --timeout=60s >/dev/null; ' +
        `kubectl exec client -- curl --silent --max-time 5 "http://$(kubectl get service web --output=jsonpath='{.spec.clusterIP}')"`,
    )
    expect(page).toContain('Welcome to nginx')
  })
})

describe('a Pod on real machines', () => {
  it('speaks to the API server as its ServiceAccount, and is refused what that may not do', async () => {
    const lab = labs.find(({ id }) => id === 'service-accounts-and-rbac')
    if (!lab) throw new Error('the lab has gone')
    await using walk = await bench.begin(lab, WITHIN_MS)
    await walkSolution(walk, lab, 4)
    const ask = (method: string, path: string) =>
      bench.kubectl(
        `kubectl exec robot -- sh -c 'cd /var/run/secrets/kubernetes.io/serviceaccount; curl --silent --cacert ca.crt ` +
          `--header "Authorization: Bearer $(cat token)" --request ${method} https://kubernetes.default.svc/api/v1/namespaces/default/${path}'`,
      )
    expect(JSON.parse(await ask('GET', 'pods')).items).toMatchObject([{ metadata: { name: 'robot' } }])
    expect(JSON.parse(await ask('DELETE', 'pods/robot'))).toMatchObject({ code: 403, reason: 'Forbidden' })
  })
})
