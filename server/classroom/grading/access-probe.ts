// "May they do this?", asked of the API server as `kubectl auth can-i` does, for checks that judge rights. Checks are
// pure and cannot wait, so the answers are kept beside the caches: they hold for as long as the objects stay the same
// that decide about them, and are empty while they are being asked for anew.

import type { Client } from '../../kube/client/index.ts'
import { type AccessQuestion, accessText, type ClusterView, LAB_NAMESPACE } from '../labs/cluster-view.ts'

type Ask = (question: AccessQuestion) => Promise<boolean>
type Answers = Readonly<Record<string, boolean>>

const NONE: Answers = {}

export class AccessProbe {
  #asked = ''
  #answers: Answers = NONE

  /** What is known now. Where that is nothing, `onAnswer` is called when it is known. */
  answers(questions: readonly AccessQuestion[], view: ClusterView, ask: Ask, onAnswer: () => void): Answers {
    if (questions.length === 0) return NONE
    const asked = `${questions.map(accessText).join()} ${stateOfRights(view)}`
    if (asked !== this.#asked) {
      this.#asked = asked
      this.#answers = NONE
      void this.#ask(questions, ask, asked, onAnswer)
    }
    return this.#answers
  }

  async #ask(questions: readonly AccessQuestion[], ask: Ask, asked: string, onAnswer: () => void): Promise<void> {
    try {
      const answers = await Promise.all(questions.map(async (each) => [accessText(each), await ask(each)] as const))
      // Something has changed meanwhile, and these are answers of before.
      if (asked !== this.#asked) return
      this.#answers = Object.fromEntries(answers)
      onAnswer()
    } catch {
      // An API server that does not answer is seen elsewhere; the next change of the cluster asks again.
      if (asked === this.#asked) this.#asked = ''
    }
  }
}

/** Changes exactly when an object changes that says who may do what. */
function stateOfRights({ roles, roleBindings, clusterRoles, clusterRoleBindings }: ClusterView): string {
  const objects = [...roles, ...roleBindings, ...clusterRoles, ...clusterRoleBindings]
  return objects
    .map(({ metadata }) => `${metadata?.uid} ${metadata?.resourceVersion}`)
    .sort()
    .join()
}

/** As the ServiceAccount, with the groups that its token would bring. */
export function askTheApiServer({ transport }: Pick<Client, 'transport'>): Ask {
  return async ({ as, verb, resource, namespace = LAB_NAMESPACE }) => {
    const [plural = '', ...group] = resource.split('.')
    const review = (await transport.request({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user: `system:serviceaccount:${LAB_NAMESPACE}:${as}`,
          groups: ['system:serviceaccounts', `system:serviceaccounts:${LAB_NAMESPACE}`, 'system:authenticated'],
          resourceAttributes: { verb, resource: plural, group: group.join('.'), namespace },
        },
      },
    })) as { status?: { allowed?: boolean } }
    return review.status?.allowed === true
  }
}
