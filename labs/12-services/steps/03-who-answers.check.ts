import { deploymentReady, readyEndpoints, typedAnswer } from '../../../server/classroom/labs/index.ts'

export const checks = [
  deploymentReady('hello', { image: 'podium/hello:1.0', replicas: 1 }),
  typedAnswer('only-one', {
    aim: 'You have named the Pod that answers now',
    right: (cluster) => {
      const [only, another] = readyEndpoints(cluster, 'hello')
      return another ? undefined : only?.pod
    },
    missing: 'Service `hello` has not come down to one endpoint yet.',
    wrong: (text) =>
      text.startsWith('hello-')
        ? `\`${text}\` does not answer any more. Look at the last count, or at \`kubectl get endpointslices\`.`
        : `\`${text}\` is no Pod of \`hello\`. Each answers with its own name, which begins with \`hello-\`.`,
  }),
]
