import { named, serviceAccountExists, typedAnswer } from '../../../server/classroom/labs/index.ts'

export const checks = [
  serviceAccountExists('reader'),
  typedAnswer('user-name', {
    aim: 'You have named the user that `reader` is',
    right: (cluster) => {
      const account = named(cluster.serviceAccounts, 'reader')
      return account && `system:serviceaccount:${account.metadata?.namespace}:${account.metadata?.name}`
    },
    missing: 'There is no ServiceAccount `reader` yet.',
    wrong: (text) =>
      text.includes(':')
        ? `\`${text}\` is not it. Four parts with colons between: \`system\`, \`serviceaccount\`, the namespace, the name.`
        : `\`${text}\` alone could be anybody, in any namespace. The user name says which ServiceAccount, and where.`,
  }),
]
