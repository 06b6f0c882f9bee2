import { expect, it } from 'vitest'
import { controller } from '../client/controller-builder.ts'
import { chosenControllers } from './chosen.ts'

const nothing = () => ({ reconcile: async () => undefined })
const all = [
  controller('deployment').reconcileWith(nothing),
  controller('job').reconcileWith(nothing),
  controller('descheduler').offByDefault().reconcileWith(nothing),
]

it.each([
  ['*', ['deployment', 'job']],
  ['*,descheduler', ['deployment', 'job', 'descheduler']],
  ['*,-job-controller', ['deployment']],
  ['deployment-controller', ['deployment']],
])('takes %s as %j', (told, names) => {
  expect(chosenControllers(all, told).map(({ name }) => name)).toEqual(names)
})

it('says which loops there are when it is asked for another', () => {
  expect(() => chosenControllers(all, '*,-gardener')).toThrow(
    '--controllers: "-gardener" is not in the list of known controllers: deployment, job, descheduler',
  )
})
