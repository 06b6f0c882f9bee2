import { deploymentReady, named, revisionOf, rolledBack, typedAnswer } from '../../../server/classroom/labs/index.ts'

export const checks = [
  rolledBack('web', { image: 'nginx:1.30' }),
  deploymentReady('web', { image: 'nginx:1.30', replicas: 4 }),
  typedAnswer('revision', {
    aim: 'You have named the revision that `web` is at now',
    right: (cluster) => revisionOf(named(cluster.deployments, 'web')),
    missing: 'Deployment `web` has no revision yet.',
    wrong: (text, cluster) =>
      `Deployment \`web\` is not at revision ${text}. \`kubectl rollout history deployment/web\` ends with it${
        text === '2' && revisionOf(named(cluster.deployments, 'web')) !== '2'
          ? '; a template that comes back gets a new number'
          : ''
      }.`,
  }),
]
