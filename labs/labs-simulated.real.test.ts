// Every lab, walked on simulated nodes with a stock kubectl: all of it but what needs containers. Those steps are named
// in lab.yaml, and labs.real.test.ts walks them.

import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadLabs } from '../server/classroom/labs/load-labs.ts'
import { walkMistake, walkSolution } from '../server/classroom/labs/walk-lab.ts'
import { type LabBench, openLabBench } from './support/lab-bench.ts'

const labs = await loadLabs(join(import.meta.dirname))
const WITHIN_MS = 60_000

let bench: LabBench
beforeAll(async () => {
  bench = await openLabBench('simulated')
})
afterAll(() => bench?.[Symbol.asyncDispose]())

describe.each(labs)('$id on simulated nodes', (lab) => {
  it('is not ok before its solutions, and ok after each', async () => {
    await using walk = await bench.begin(lab, WITHIN_MS)
    const walked = await walkSolution(walk, lab)
    expect(walk.session.view()).toMatchObject({ done: true, reached: lab.steps.length })
    console.log(lab.id, walked.map(({ step, tookMs }) => `${step}: ${tookMs} ms`).join(', '))
  })

  it.each(lab.mistakes.filter(({ needsContainers }) => !needsContainers))('answers $name', async (mistake) => {
    await using walk = await bench.begin(lab, WITHIN_MS)
    await walkMistake(walk, lab, mistake)
  })
})
