// What a lab may use: everything a `.check.ts` imports comes from here.

export { type Check, count, failed, listed, ok, type Verdict, waiting } from './check.ts'
export { deploymentReady, onePodWasDeleted, podsOf, replicaSetsOf, rolledOver } from './checks/deployment-checks.ts'
export { podGone, podHasLabels, podLabel, podReady, podRestarted } from './checks/pod-checks.ts'
export { sameImage, troubleOf } from './checks/pod-troubles.ts'
export { notesServiceAddress, podLeftService, readyEndpoints, serviceReaches } from './checks/service-checks.ts'
export * from './cluster-view.ts'
