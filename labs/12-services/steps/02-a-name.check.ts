import { named, typedAnswer } from '../../../server/classroom/labs/index.ts'

export const checks = [
  typedAnswer('address', {
    aim: 'You have named the address that `hello` stands for',
    right: (cluster) => named(cluster.services, 'hello')?.spec?.clusterIP,
    missing: 'There is no Service `hello`.',
    wrong: (text, cluster) => {
      const pod = cluster.pods.find(({ status }) => status?.podIP === text)
      return pod
        ? `\`${text}\` is the address of Pod \`${pod.metadata?.name}\`, and goes with it. The name stands for one that stays.`
        : `\`${text}\` is not what \`hello\` stands for. Let \`client\` look it up: \`getent hosts hello\`.`
    },
  }),
]
