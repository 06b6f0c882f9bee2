import { readyEndpoints, serviceAnswers, typedAnswer } from '../../../server/classroom/labs/index.ts'

export const checks = [
  serviceAnswers('web', { app: 'web', endpoints: 2 }),
  typedAnswer('endpoints', {
    aim: 'You have counted the Endpoints of Service `web`',
    right: (cluster) => {
      const count = readyEndpoints(cluster, 'web').length
      return count === 0 ? undefined : String(count)
    },
    missing: 'Service `web` has no Endpoints yet.',
    wrong: (text) =>
      `Not ${text}. In what \`kubectl describe service web\` shows, count the addresses after \`Endpoints\`.`,
  }),
]
