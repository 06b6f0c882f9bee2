import { podsOfLab, typedAnswer } from '../../../server/classroom/labs/index.ts'

export const checks = [
  typedAnswer('not-prod', {
    aim: 'You have counted the Pods that `env!=prod` selects',
    right: (cluster) => {
      const pods = podsOfLab(cluster)
      if (pods.length === 0) return undefined
      return String(pods.filter(({ metadata }) => metadata?.labels?.env !== 'prod').length)
    },
    missing: 'There are no Pods; reset the lab to have them back.',
    wrong: (text, cluster) => {
      const without = podsOfLab(cluster).filter(({ metadata }) => metadata?.labels?.env === undefined)
      const names = without.map(({ metadata }) => `\`${metadata?.name}\``).join(' and ')
      return without.length > 0
        ? `Not ${text}. Do not forget ${names}: without a label \`env\` it is not \`env=prod\` either.`
        : `Not ${text}. Let the cluster count: \`kubectl get pods --selector='env!=prod'\`.`
    },
  }),
]
