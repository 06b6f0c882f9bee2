// What a lab may use: everything a `.check.ts` imports comes from here.

export { type Check, count, failed, listed, ok, type Verdict, waiting } from './check.ts'
export { mayDo, mayNot, noWildcards, podActsAs, serviceAccountExists } from './checks/access-checks.ts'
export { configMapMadeAgain, configMapSays, configMapWrittenOnce } from './checks/config-map-checks.ts'
export { sameImage } from './checks/containers.ts'
export { deploymentReady, podsOf, replicaSetsOf, rolledOver } from './checks/deployment-checks.ts'
export { everyPodHas, onlyTheseHave, podsOfLab, selectsExactly } from './checks/label-checks.ts'
export { loopHeld, loopReleased, replicaSetShort } from './checks/loop-checks.ts'
export { podGone, podHasLabels, podLabel, podReady, podRestarted } from './checks/pod-checks.ts'
export { onePodWasDeleted } from './checks/pod-deletion-check.ts'
export { podCrashLoops, podEnded, podRunsWith, podUnready } from './checks/pod-life-checks.ts'
export { podMadeOf, podProbesPath, podSharesVolume } from './checks/pod-parts-checks.ts'
export { troubleOf } from './checks/pod-troubles.ts'
export { podsAdopted, podsOrphaned, replicaSetReady } from './checks/replica-set-checks.ts'
export {
  neverBelow,
  revisionOf,
  rolledBack,
  rolloutBounds,
  rolloutRuns,
  rolloutStuck,
} from './checks/rollout-checks.ts'
export {
  notesServiceAddress,
  podLeftService,
  readyEndpoints,
  serviceReaches,
  serviceReachesDeployment,
  serviceReachesOnly,
} from './checks/service-checks.ts'
export { serviceAnswers, serviceIs } from './checks/service-path-checks.ts'
export { typedAnswer } from './checks/typed-answer.ts'
export { bothEditsSurvive, fieldOwnedBy } from './checks/writer-checks.ts'
export * from './cluster-view.ts'
